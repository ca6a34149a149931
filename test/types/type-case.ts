/** A piece of a program in two variants: what is right compiles, what is wrong does not, and the compiler says why. */
export interface TypeCase {
  readonly name: string;
  readonly right: string;
  readonly wrong: string;
  /** In the compiler's message. */
  readonly says: RegExp;
}
