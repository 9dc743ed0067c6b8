import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000

export interface ServerCertificate {
  /** The authority's certificate, PEM, and where it lies. */
  ca: string
  caPath: string
  cert: string
  key: string
}

/**
 * An authority of its own for one loopback server, known as `address` and `localhost`; made once, kept in `folder`.
 * The authority's key is thrown away.
 */
export async function serverCertificate(folder: string, address = '127.0.0.1'): Promise<ServerCertificate> {
  const paths = {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'server.pem'),
    key: join(folder, 'server.key'),
  }
  if (!existsSync(paths.key)) {
    mkdirSync(folder, { recursive: true })
    const notBefore = new Date(Date.now() - 30 * day)
    const notAfter = new Date(Date.now() + 3650 * day)
    const dates = { notBefore, notAfter, signingAlgorithm: algorithm }
    const generate = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const [authority, server] = await Promise.all([generate(), generate()])
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      ...dates,
      serialNumber: '01',
      name: 'CN=Llavero local authority',
      keys: authority,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
      ],
    })
    const cert = await x509.X509CertificateGenerator.create({
      ...dates,
      serialNumber: '02',
      subject: 'CN=localhost',
      issuer: ca.subject,
      publicKey: server.publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: address },
        ]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    })
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
    writeFileSync(paths.ca, `${ca.toString('pem')}\n`)
    writeFileSync(paths.cert, `${cert.toString('pem')}\n`)
    writeFileSync(paths.key, `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, {
      mode: 0o600,
    })
  }
  const read = (path: string) => readFileSync(path, 'utf8')
  return { ca: read(paths.ca), caPath: paths.ca, cert: read(paths.cert), key: read(paths.key) }
}
