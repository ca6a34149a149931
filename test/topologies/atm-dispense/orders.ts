/**
 * What can happen around one withdrawal of 60.00, in any order and as often as it likes: W the withdrawal, S success,
 * F failure, P 20.00 of it taken, R notes taken back, T time enough for every limit.
 */
export const LETTERS = ['W', 'S', 'F', 'P', 'R', 'T'] as const;
/**
 * And more: D the terminal is paying out, X a success that another terminal claims; f, p and r say what F, P and R do in
 * other words, p with 30.00; A a person takes the case that there is.
 */
export const ALL_LETTERS = [...LETTERS, 'D', 'X', 'f', 'p', 'r', 'A'] as const;
export type Letter = (typeof ALL_LETTERS)[number];
type Result = Exclude<Letter, 'W' | 'T' | 'D' | 'A'>;
/** Cases that wait for a word of the terminal. */
const WAITS_FOR_A_WORD = ['unknown-outcome', 'orphan'];

export const AMOUNT = 60;
const TAKEN = { S: 60, F: 0, f: 0, P: 20, p: 30 } as const;

/** How a withdrawal ends. */
export interface Ending {
  readonly state: string;
  /** Posted to the account and let go, once the hold is settled. */
  readonly taken: number | undefined;
  readonly caseKind: string | undefined;
  readonly isCaseOpen: boolean;
  /** Whether it was seen paying out. */
  readonly wasDispensing: boolean;
  /** How often reconciliation was told. */
  readonly reports: number;
}

/** Every sequence of some letters with a length from 1 on. */
export function* sequences(letters: readonly Letter[], longest: number): Generator<string> {
  let last = [''];
  for (let length = 1; length <= longest; length++) {
    last = last.flatMap((start) => letters.map((letter) => start + letter));
    yield* last;
  }
}

/** Stands in a story where the systems have talked: what was asked is answered by then. */
export const TALK = '|';

/**
 * How a story must end, said once more and otherwise than the topologies say it: as a bank's handbook would, over the
 * whole story of one withdrawal, without states and transitions.
 */
export function endingOf(told: string, isFunded = true): Ending {
  const story = new Story(isFunded);
  for (const sign of told) {
    if (sign === TALK) story.talk();
    else story.hear(sign as Letter);
  }
  return story.ending();
}

class Story {
  readonly #isFunded: boolean;
  #isRequested = false;
  #isAuthorised = false;
  #early: (Result | 'D')[] = [];
  #heardDispensing = false;
  #hasNews = false;
  #isAssigned = false;
  readonly #heard = new Set<Result>();
  /** The first word after the authorisation, or the silence. */
  #first: Result | 'T' | undefined;
  #taken: number | undefined;
  #caseKind: string | undefined;
  #isCaseOpen = false;
  #state = 'NEW';
  #wasDispensing = false;
  #reports = 0;

  constructor(isFunded: boolean) {
    this.#isFunded = isFunded;
  }

  hear(letter: Letter): void {
    if (letter === 'T') this.#silence();
    else if (letter === 'D') this.#dispensing();
    else if (letter === 'A') this.#isAssigned ||= this.#isCaseOpen;
    else if (letter === 'W') this.#isRequested = true;
    else if (!this.#heard.has(letter)) {
      this.#heard.add(letter);
      if (this.#isAuthorised) this.#word(letter);
      else this.#keep(letter);
    }
  }

  ending(): Ending {
    return {
      state: this.#state,
      taken: this.#taken,
      caseKind: this.#caseKind,
      isCaseOpen: this.#isCaseOpen,
      wasDispensing: this.#wasDispensing,
      reports: this.#reports,
    };
  }

  #dispensing(): void {
    if (this.#heardDispensing) return;
    this.#heardDispensing = true;
    if (this.#isAuthorised) this.#wasDispensing = this.#first === undefined && this.#isFunded;
    else this.#keep('D');
  }

  #keep(word: Result | 'D'): void {
    this.#early.push(word);
    // It waits for its withdrawal, and not for ever.
    this.#hasNews ||= !this.#isRequested;
  }

  /** The ledger answers the hold. */
  talk(): void {
    if (!this.#isRequested || this.#isAuthorised) return;
    this.#isAuthorised = true;
    if (!this.#isFunded) this.#state = 'REFUSED';
    const words = this.#early.filter((each) => each !== 'D');
    const hasDispensing = words.length < this.#early.length;
    this.#wasDispensing = hasDispensing && this.#isFunded && (words.length > 1 || this.#early[0] === 'D');
    // Words that exclude each other, all there before the cash could come out: a person must choose.
    if (words.length > 1) {
      this.#first = 'R';
      this.#reports++;
      this.#ask('contradiction');
    } else for (const word of words) this.#word(word);
  }

  #silence(): void {
    if (this.#isAuthorised) {
      if (this.#first !== undefined || !this.#isFunded) return;
      this.#first = 'T';
      this.#reports++;
      this.#ask('unknown-outcome');
    } else if (!this.#isRequested && this.#hasNews) {
      this.#hasNews = false;
      [this.#caseKind, this.#isCaseOpen] = ['orphan', true];
      this.#reports++;
    }
  }

  #word(word: Result): void {
    const isFirst = this.#first === undefined;
    this.#first ??= word;
    if (!this.#isFunded) {
      this.#wordOfRefused(word);
      return;
    }
    if (!isFirst || word !== 'S') this.#reports++;
    if (word === 'X') {
      this.#ask('contradiction');
      return;
    }
    if (word === 'R' || word === 'r') {
      this.#ask((this.#taken ?? 0) > 0 ? 'contradiction' : 'retracted');
      return;
    }
    const said = TAKEN[word];
    if (isFirst && word === 'S') {
      // The dispense went well: nobody else has to do with it.
      [this.#taken, this.#state] = [said, 'DISPENSED'];
      // Who was told of results without a withdrawal is told that all went well.
      if (this.#isCaseOpen) this.#reports++;
      this.#isCaseOpen = false;
    } else if (this.#taken === undefined) {
      const isForPersons = this.#isCaseOpen && ['retracted', 'contradiction'].includes(this.#caseKind!);
      if (!isForPersons) this.#settle(said);
    } else if (said !== this.#taken) {
      this.#ask(this.#first !== 'S' && said > this.#taken ? 're-debit' : 'contradiction');
    }
  }

  /** No cash was allowed out; what says that some came out all the same is for a person. */
  #wordOfRefused(word: Result): void {
    if ((word === 'F' || word === 'f') && this.#state === 'REFUSED') return;
    this.#reports++;
    this.#ask('any');
  }

  #settle(taken: number): void {
    this.#taken = taken;
    this.#state = this.#isCaseOpen ? 'RESOLVED' : 'REVERSED';
    this.#isCaseOpen = false;
  }

  /** Something for a person. */
  #ask(kind: string): void {
    const isKept =
      this.#isCaseOpen &&
      this.#isAssigned &&
      !WAITS_FOR_A_WORD.includes(this.#caseKind!) &&
      this.#caseKind !== undefined;
    if (!isKept) this.#caseKind = kind;
    [this.#isCaseOpen, this.#state] = [true, 'SUSPECT'];
  }
}
