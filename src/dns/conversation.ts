import type { Socket } from 'node:net';
import { createAnswers } from './answers.ts';
import type { Guest } from './guests.ts';
import type { Reception } from './tcp.ts';

/**
 * Answers what is asked over one connection. It is read no faster than the answers are taken, so who only asks, and
 * never reads, fills no memory; and only a question that has come as a whole puts off the end of his time.
 */
export function converse(socket: Socket, source: number, { duty, guests, limits }: Reception): Guest {
  const idle = setTimeout(() => cut('tcp-idle'), limits.idleMs);
  const guest: Guest = { source, cut, finish };
  const answers = createAnswers({ duty, source, heard, cut });
  let isOver = false;

  function heard(): void {
    guests.heard(guest);
    idle.refresh();
  }

  function cut(reason: string): void {
    if (socket.destroyed) return;
    duty.tally.dropped(reason);
    // What is not read is forgotten at once; else the kernel would go on with it for minutes.
    if (socket.writableLength > 0) socket.resetAndDestroy();
    else socket.destroy();
  }

  function finish(): void {
    isOver = true;
    answerSome();
  }

  function answerSome(): void {
    socket.cork();
    let turns = limits.atOnce;
    while (turns > 0 && answerNext()) turns -= 1;
    socket.uncork();
    if (turns > 0) return;
    socket.pause();
    setImmediate(answerSome);
  }

  /** False when there is nothing more to do for now. */
  function answerNext(): boolean {
    if (socket.destroyed || socket.writableEnded) return false;
    if (socket.writableNeedDrain) {
      socket.pause();
      return false;
    }
    const frame = answers.next();
    if (frame !== undefined) socket.write(frame);
    else if (isOver) socket.end();
    else socket.resume();
    return frame !== undefined;
  }

  socket.on('data', (chunk) => {
    answers.push(chunk);
    answerSome();
  });
  socket.on('drain', () => {
    idle.refresh();
    answerSome();
  });
  socket.on('end', finish);
  socket.on('close', () => {
    clearTimeout(idle);
    guests.leave(guest);
  });
  return guest;
}
