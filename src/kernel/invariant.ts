/** States what only a bug can make false. @throws {InvariantViolation} when it is false. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message)
}

export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}
