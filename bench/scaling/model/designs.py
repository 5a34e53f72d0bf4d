"""All designs, in the order of tables and pictures."""

from .ebb import Ebb, EbbPortable
from .one_for_all import BoundedQueue, LockFreeStack, MutexVector
from .per_cpu import GoSyncPool, Moodycamel, TryLocks
from .per_thread import ThreadCaches, ThreadLocalList, ThreadLocalOverflow

DESIGNS = (Ebb, EbbPortable, ThreadLocalList, ThreadLocalOverflow, ThreadCaches, GoSyncPool, TryLocks,
           MutexVector, LockFreeStack, BoundedQueue, Moodycamel)
