import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000

/** PEM texts. `ca` is what a client has to trust for it. */
export interface TestCertificate {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * A certificate for 127.0.0.1 and localhost by an authority of its own. Two calls give two authorities that know nothing
 * of each other; `expired`: the server's own certificate ended yesterday, by the same authority as `sound` of that call.
 */
export async function testCertificates(): Promise<{ sound: TestCertificate; expired: TestCertificate }> {
  const generate = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const authority = await generate()
  const began = new Date(Date.now() - 60 * day)
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Test authority',
    notBefore: began,
    notAfter: new Date(Date.now() + 60 * day),
    signingAlgorithm: algorithm,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  })
  const issue = async (serialNumber: string, days: number): Promise<TestCertificate> => {
    const server = await generate()
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject: 'CN=localhost',
      issuer: ca.subject,
      notBefore: began,
      notAfter: new Date(Date.now() + days * day),
      signingAlgorithm: algorithm,
      publicKey: server.publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    })
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
    return {
      ca: ca.toString('pem'),
      cert: cert.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    }
  }
  return { sound: await issue('02', 30), expired: await issue('03', -1) }
}
