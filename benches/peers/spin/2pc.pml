/* Two-phase commit as model/tests/commit/mod.rs packs it: sets of managers, a bit or two each, so that there are as many
   states and steps. The bench `checker` makes a breadth-first search of it, where SPIN and a C compiler are there:
   spin -a -DMANAGERS=7 2pc.pml && cc -O2 -DBFS -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -w24 */

#ifndef MANAGERS
#define MANAGERS 7
#endif

#define STATE(rm)         ((managers >> (2 * rm)) & 3)
#define BECOMES(rm, what) managers = (managers & ~(3 << (2 * rm))) | (what << (2 * rm))

#define WORKING   0
#define PREPARED  1
#define COMMITTED 2
#define ABORTED   3

int managers;  /* two bits each */
short sent, counted;
byte decision; /* none yet, or what managers become by it */

#define MANAGER(rm) \
  :: d_step { decision == 0 && ((sent >> rm) & 1) -> counted = counted | (1 << rm) } \
  :: d_step { STATE(rm) == WORKING -> BECOMES(rm, PREPARED); sent = sent | (1 << rm) } \
  :: d_step { STATE(rm) == WORKING -> BECOMES(rm, ABORTED) } \
  :: d_step { decision != 0 -> BECOMES(rm, decision) }

active proctype world() {
  do
  :: d_step { decision == 0 -> decision = ABORTED }
  :: d_step { decision == 0 && counted == (1 << MANAGERS) - 1 -> decision = COMMITTED }
  MANAGER(0)
  MANAGER(1)
  MANAGER(2)
  MANAGER(3)
  MANAGER(4)
  MANAGER(5)
  MANAGER(6)
#if MANAGERS > 7
  MANAGER(7)
#endif
#if MANAGERS > 8
  MANAGER(8)
#endif
  od
}
