// How a long piece of work stays out of the way of others: scheduling, and waking a watch.
#pragma once
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>

/// SCHED_BATCH for the calling thread and those that it starts. Source: sched(7).
static inline int diag_schedule_batch(void) {
    struct sched_param parameters;
    memset(&parameters, 0, sizeof parameters);
    return sched_setscheduler(0, 3 /* SCHED_BATCH */, &parameters);
}

static inline int diag_event_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
