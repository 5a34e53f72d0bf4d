/* A thread: pool_core.cpp, x86_64.hpp, and of pool_state.cpp what get and put do. */

proctype thread(byte t) {
  byte o;
  byte m;
end:
  do
  /* The user: has an object and puts it, or has none and gets one. */
  :: d_step { runs(t, USER) MAY_START(t) ->
       STARTED(t)
       if
       :: hand[t] == 0 -> begin_section(t, POP)
       :: else -> begin_section(t, PUSH)
       fi }

  /* The section: the same four steps first, then what distinguishes them. */
#ifdef BUG_BANK_BEFORE_ARMING
  :: d_step { runs(t, S_EARLY) -> bank[t] = local_bank; ip[t] = S_ARM }
#endif
#ifdef BUG_ID_BEFORE_ARMING
  :: d_step { runs(t, S_EARLY) -> id[t] = cpu[t]; ip[t] = S_ARM }
#endif
  :: d_step { runs(t, S_ARM) -> armed[t] = true; ip[t] = S_ID }
  :: d_step { runs(t, S_ID) ->
#ifndef BUG_ID_BEFORE_ARMING
       id[t] = cpu[t];
#endif
       ip[t] = S_BANK }
  :: d_step { runs(t, S_BANK) ->
#ifndef BUG_BANK_BEFORE_ARMING
       bank[t] = local_bank;
#endif
       ip[t] = S_TOP }
  :: d_step { runs(t, S_TOP) && section[t] <= PUSH ->
       seen[t] = top[shard_of(t)];
       if
       :: section[t] == PUSH && is_full(seen[t]) ->
          forget_registers(t);
          ip[t] = SPILL_PEEK
       :: else -> ip[t] = S_OBJECT
       fi }
  :: d_step { runs(t, S_OBJECT) && section[t] == POP ->
       if
       :: word[seen[t]] == 0 ->
          forget_registers(t);
          ip[t] = FIND
       :: else ->
          value[t] = word[seen[t]];
          seen[t] = 0;
          ip[t] = S_COMMIT
       fi }
  :: d_step { runs(t, S_OBJECT) && section[t] == PUSH ->
       word[seen[t] + 1] = hand[t];
       seen[t] = 0;
       ip[t] = S_COMMIT }
  :: d_step { runs(t, S_TOP) && section[t] >= LOAD -> /* compare */
       if
#ifdef BUG_EXCHANGE_WITHOUT_COMPARE
       :: ip[t] = S_COMMIT
#else
       :: top[shard_of(t)] == seen[t] -> ip[t] = S_COMMIT
       :: else -> ip[t] = S_CHANGED
#endif
       fi }
  :: d_step { runs(t, S_COMMIT) && section[t] == POP ->
       top[shard_of(t)] = top[shard_of(t)] - 1;
       hand_out(t, value[t]);
       REACHED(hit_get)
       to_user(t) }
  :: d_step { runs(t, S_COMMIT) && section[t] == PUSH ->
       top[shard_of(t)] = top[shard_of(t)] + 1;
       object[hand[t]] = IDLE;
       hand[t] = 0;
       REACHED(hit_put)
       to_user(t) }
  :: d_step { runs(t, S_COMMIT) && section[t] >= LOAD ->
       top[shard_of(t)] = own[t];
       own[t] = seen[t]; /* what was loaded is this thread's now, whatever it holds */
       seen[t] = 0;
       guessed[t] = id[t];
       if
       :: section[t] == LOAD -> REACHED(loaded)
       :: else -> REACHED(spilled)
       fi;
       forget_registers(t);
       /* put_away() */
       if
       :: count_of(own[t]) > 0 -> ip[t] = PARK
       :: else ->
          if
          :: own[t] >= WORDS -> release(own[t])
          :: else
          fi;
          to_user(t)
       fi }
  :: d_step { runs(t, S_CHANGED) && section[t] == LOAD ->
       REACHED(load_lost)
       forget_registers(t);
       ip[t] = PARK }
  :: d_step { runs(t, S_CHANGED) && section[t] == SPILL -> /* abandon(), then push() again */
       REACHED(spill_lost)
       hand[t] = word[own[t]];
       object[hand[t]] = HELD;
       release(own[t]);
       to_user(t);
       begin_section(t, PUSH) }

  /* find(): own depot, the others, the victim's. */
  :: d_step { runs(t, FIND) ->
       guessed[t] = cpu[t];
       bank[t] = local_bank;
       section[t] = 0;
       ip[t] = FIND_OWN }
  :: d_step { runs(t, FIND_OWN) ->
       if
       :: head[bank[t] * CPUS + guessed[t]] != 0 ->
          pop(head[bank[t] * CPUS + guessed[t]], own[t]);
          REACHED(reused_depot)
          bank[t] = 0;
          ip[t] = FOUND
       :: else -> ip[t] = FIND_STEAL
       fi }
  :: d_step { runs(t, FIND_STEAL) ->
       if
       :: head[bank[t] * CPUS + other(guessed[t])] != 0 ->
          pop(head[bank[t] * CPUS + other(guessed[t])], own[t]);
          REACHED(stolen)
          bank[t] = 0;
          ip[t] = FOUND
       :: else -> bank[t] = other(bank[t]); ip[t] = FIND_VICTIM
       fi }
  :: d_step { runs(t, FIND_VICTIM) ->
       if
       :: head[bank[t] * CPUS + guessed[t]] != 0 ->
          pop(head[bank[t] * CPUS + guessed[t]], own[t]);
          REACHED(from_victim)
          bank[t] = 0;
          ip[t] = FOUND_OLD
       :: else -> ip[t] = FIND_VICTIM_STEAL
       fi }
  :: d_step { runs(t, FIND_VICTIM_STEAL) ->
       if
       :: head[bank[t] * CPUS + other(guessed[t])] != 0 ->
          pop(head[bank[t] * CPUS + other(guessed[t])], own[t]);
          REACHED(from_victim)
          bank[t] = 0;
          ip[t] = FOUND_OLD
       :: else -> /* make one, unless all there are exist */
          REACHED(missed)
          o = 1;
          do
          :: o <= OBJECTS && object[o] != 0 -> o++
          :: else -> break
          od;
          if
          :: o <= OBJECTS -> object[o] = HELD; hand[t] = o
          :: else -> REACHED(found_nothing)
          fi;
          o = 0;
          to_user(t)
       fi }
  /* use_rest(): the newest object is the caller's; the magazine goes back to the victim, or is loaded. */
  :: d_step { (runs(t, FOUND) || runs(t, FOUND_OLD)) ->
       hand_out(t, word[own[t]]);
       own[t] = own[t] - 1;
       if
       :: count_of(own[t]) == 0 -> release(own[t]); to_user(t)
       :: ip[t] == FOUND_OLD && count_of(own[t]) != 0 -> ip[t] = PARK_OLD
       :: else -> ip[t] = LOAD_PEEK
       fi }
  /* load(), where `seen` is a guess. */
  :: d_step { runs(t, LOAD_PEEK) -> bank[t] = local_bank; ip[t] = LOAD_TOP }
  :: d_step { runs(t, LOAD_TOP) ->
       seen[t] = top[bank[t] * CPUS + guessed[t]];
       bank[t] = 0;
       if
       :: count_of(seen[t]) != 0 -> seen[t] = 0; ip[t] = PARK
       :: else -> begin_section(t, LOAD)
       fi }
  /* park(), or back to the victim. */
  :: d_step { runs(t, PARK) -> bank[t] = local_bank; ip[t] = PARK_PUSH }
  :: d_step { runs(t, PARK_OLD) -> bank[t] = other(local_bank); ip[t] = PARK_PUSH }
  :: d_step { runs(t, PARK_PUSH) ->
       push(head[bank[t] * CPUS + guessed[t]], own[t]);
       REACHED(parked)
       to_user(t) }

  /* keep() and spill(). */
  :: d_step { runs(t, SPILL_PEEK) -> guessed[t] = cpu[t]; bank[t] = local_bank; ip[t] = SPILL_TOP }
  :: d_step { runs(t, SPILL_TOP) ->
       seen[t] = top[bank[t] * CPUS + guessed[t]];
       bank[t] = 0;
       if
       :: !is_full(seen[t]) -> to_user(t); begin_section(t, PUSH) /* again */
       :: else ->
          object[hand[t]] = IDLE;
          acquire(t, m);
          if
          :: m != 0 ->
             word[own[t]] = hand[t];
             begin_section(t, SPILL)
          :: else -> /* drop() */
             destroy(hand[t]);
             REACHED(dropped)
             to_user(t)
          fi;
          hand[t] = 0;
          m = 0
       fi }
  /* After several rounds the object is parked in a magazine of its own; here after any number of rounds. */
  :: d_step { runs(t, SPILL_PEEK) && nr_empty > 0 ->
       acquire(t, m);
       word[own[t]] = hand[t];
       object[hand[t]] = IDLE;
       hand[t] = 0;
       m = 0;
       guessed[t] = cpu[t];
       REACHED(gave_up)
       ip[t] = PARK }
  od
}
