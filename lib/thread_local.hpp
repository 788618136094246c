#pragma once

/// A thread's own variable that every operation reads: found without a call of its own, as the GNU C library finds its.
/// There is little room for such ones in programs that load the library late, so they are small.
#define XG_THREAD_LOCAL [[gnu::tls_model("initial-exec")]] constinit thread_local
