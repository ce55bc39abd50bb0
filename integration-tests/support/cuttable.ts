import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** Where in an exchange a connection is cut: before the words are passed on, or once they were carried out. */
type Moment = "before" | "after"

/** A wire to a server that can be cut. It listens on localhost only. */
export type Cuttable = {
  port: number
  /** Cuts every connection and refuses new ones, until `mend`. */
  cut(): void
  mend(): void
  /** How many connections were refused since the last cut. */
  refused: () => number
  /** Cuts the first connection on which these words are sent; resolves when that has happened. */
  cutAt(words: string, moment: Moment): Promise<void>
  /** Resolves when these words were next passed on to the server. */
  passed(words: string): Promise<void>
  close(): Promise<void>
}

/** PostgreSQL is ready for the next query, outside of any transaction: what came before is committed. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

type Watch = { words: string; moment: Moment | null; met: () => void }

/** Puts a wire before a PostgreSQL server on this machine. */
export async function cuttable(target: { host: string; port: number }): Promise<Cuttable> {
  const open = new Set<Socket>()
  const watches = new Set<Watch>()
  let isCut = false
  let refused = 0

  const watch = (words: string, moment: Moment | null) =>
    new Promise<void>((resolve) => {
      const one: Watch = {
        words,
        moment,
        met: () => {
          watches.delete(one)
          resolve()
        },
      }
      watches.add(one)
    })

  const server = createServer((near) => {
    if (isCut) {
      refused++
      return void near.destroy()
    }
    const far = connect(target.port, target.host)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    /** Set once the words were passed on whose answer must not come back. */
    let swallowing: Watch | null = null
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on("error", end).on("close", () => {
        open.delete(socket)
        end()
      })
    }
    near.on("data", (chunk: Buffer) => {
      for (const one of watches) {
        if (!chunk.includes(one.words)) continue
        if (one.moment === "after") swallowing = one
        else one.met()
        if (one.moment === "before") return end()
      }
      far.write(chunk)
    })
    far.on("data", (chunk: Buffer) => {
      if (swallowing === null) return void near.write(chunk)
      if (!chunk.includes(READY)) return
      swallowing.met()
      end()
    })
  })
  server.listen(0, "localhost")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const cutAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: address.port,
    refused: () => refused,
    cut: () => {
      isCut = true
      refused = 0
      cutAll()
    },
    mend: () => {
      isCut = false
    },
    cutAt: watch,
    passed: (words) => watch(words, null),
    close: async () => {
      server.close()
      cutAll()
      await once(server, "close")
    },
  }
}
