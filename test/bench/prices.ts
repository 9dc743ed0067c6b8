/** List prices in US dollars, us-east-1, on demand, as of November 2024, the last change that was known when this was written. */
export const price = {
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  httpRequest: 1e-6,
  lambdaCall: 0.2e-6,
  lambdaGigabyteSecond: 13.3334e-6,
  queueRequest: 0.4e-6,
}
