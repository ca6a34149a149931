/** What is due at a time, milliseconds since 1970. */
interface Due {
  due: number;
}

/**
 * A binary heap: what is due first comes first. Which of several that are due at the same time does is settled as
 * java.util.PriorityQueue does it, for that is what Kafka Streams' punctuations come in the order of. Few elements.
 */
export class PunctuationQueue<T extends Due> {
  readonly #heap: T[] = [];

  /** In the order in which {@link add} would have to be called to make the same queue again. */
  get all(): readonly T[] {
    return this.#heap;
  }

  get first(): T | undefined {
    return this.#heap[0];
  }

  add(element: T): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(element);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above]!;
      if (element.due >= parent.due) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = element;
  }

  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < heap.length && heap[right]!.due < heap[below]!.due) below = right;
      const child = heap[below]!;
      if (last.due <= child.due) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
