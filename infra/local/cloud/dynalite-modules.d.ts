/** The parts of dynalite 4.0.0's insides that `dynamo.ts` stands on; pinned exactly because none is its public API. */
declare module 'dynalite/db/index.js' {
  const database: import('./dynalite.ts').DynaliteDatabase
  export default database
}

declare module 'dynalite/validations/index.js' {
  const validations: import('./dynalite.ts').DynaliteValidations
  export default validations
}

declare module 'dynalite/validations/*' {
  const validation: import('./dynalite.ts').DynaliteValidation
  export default validation
}

declare module 'dynalite/actions/*' {
  const action: import('./dynalite.ts').DynaliteAction
  export default action
}
