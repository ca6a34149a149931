import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HeadraceNode } from '../node.ts';
import type { Rewrite } from '../reconcile/store/rewrite.ts';
import { BODY_BYTES_MAX } from './wire.ts';

const table = z.string();
const ids = z.array(z.string().regex(/^\d{1,20}$/));
const month = z
  .string()
  .regex(/^\d{1,6}$/)
  .nullable();
const rewriteBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('insert'), table, bytes: z.base64() }),
  z.object({ kind: z.literal('remove'), table, ids }),
  z.object({ kind: z.literal('copy'), table, ids }),
  z.object({ kind: z.literal('copyMonth'), table, month }),
]);
type WireRewrite = z.infer<typeof rewriteBody>;

/** As it goes over HTTP. */
export function rewriteToWire(change: Rewrite): WireRewrite {
  switch (change.kind) {
    case 'insert':
      return { ...change, bytes: Buffer.from(change.bytes).toString('base64') };
    case 'copyMonth':
      return { ...change, month: change.month ?? null };
    default:
      return { ...change, ids: change.ids.map(String) };
  }
}

function rewriteFromWire(change: WireRewrite): Rewrite {
  switch (change.kind) {
    case 'insert':
      return { ...change, bytes: Buffer.from(change.bytes, 'base64') };
    case 'copyMonth':
      return { ...change, month: change.month ?? undefined };
    default:
      return { ...change, ids: change.ids.map(BigInt) };
  }
}

/** Lets other processes of this machine repair what the sink has written, see `rewrite`. */
export function addRewriteRoutes(server: FastifyInstance, node: Pick<HeadraceNode, 'rewrite'>): void {
  server.post('/rewrites', { bodyLimit: BODY_BYTES_MAX }, async (request) => {
    await node.rewrite(rewriteFromWire(rewriteBody.parse(request.body)));
    return {};
  });
}
