/** What `npm run histories` asks for: many more histories than a test of every day has time for. */
const asked = Number(process.env.HISTORIES ?? Number.NaN)

/** How many histories to live through; `usual`: where nobody asks for more. */
export const histories = (usual: number): number => (Number.isSafeInteger(asked) && asked > 0 ? asked : usual)

/** From which every history follows. Another one for every run, unless it is given, to live through the same again. */
export const seed = Number(process.env.HISTORIES_SEED ?? (Date.now() ^ (Math.random() * 0x1_0000_0000)) | 0)
