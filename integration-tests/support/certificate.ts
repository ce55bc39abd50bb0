import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"

/** Files in PEM: a key, and the certificate that nobody trusts who does not have it. */
type Certificate = { key: string; certificate: string }

/**
 * Makes a certificate for a host in a folder of the caller's, with the openssl of this machine.
 *
 * @throws Error when there is none
 */
export async function makeCertificate(folder: string, host: string): Promise<Certificate> {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")]
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  const files = ["-keyout", key, "-out", certificate]
  const names = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`]
  await promisify(execFile)("openssl", ["req", "-x509", ...curve, ...files, "-days", "2", ...names])
  return { key, certificate }
}
