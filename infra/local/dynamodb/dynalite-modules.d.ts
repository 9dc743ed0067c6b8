declare module 'dynalite/*' {
  // biome-ignore lint/suspicious/noExplicitAny: dynalite 4.0.0 has no types; what is used of it is typed where it is used
  const inside: any
  export default inside
}
