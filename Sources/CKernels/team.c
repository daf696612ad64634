#include "team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define PAUSE() _mm_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("isb")
#else
#define PAUSE() ((void)0)
#endif

enum {
    // About 50 µs: longer than any step's imbalance, shorter than a time slice.
    SPINS = 3000,
    CACHE_LINE = 64,
};

typedef struct {
    vf_team *team;
    size_t number;
    pthread_t thread;
} vf_lane;

struct vf_team {
    atomic_size_t lanes;
    vf_team_body body;
    void *context;
    atomic_int is_over;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    vf_lane *others;
    // Written at every meeting: lines of their own.
    char gap[CACHE_LINE];
    atomic_uint arrived;
    char gap2[CACHE_LINE];
    atomic_uint meeting;
    atomic_uint sleepers;
};

void vf_team_meet(vf_team *team) {
    const unsigned mine = atomic_load_explicit(&team->meeting, memory_order_relaxed);
    if (atomic_fetch_add(&team->arrived, 1) + 1 == team->lanes) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store(&team->meeting, mine + 1);
        // A sleeper counts itself before it looks at the meeting's number, so one of the two sees the other.
        if (atomic_load(&team->sleepers)) {
            pthread_mutex_lock(&team->mutex);
            pthread_cond_broadcast(&team->condition);
            pthread_mutex_unlock(&team->mutex);
        }
        return;
    }
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(&team->meeting, memory_order_acquire) != mine) return;
        PAUSE();
    }
    pthread_mutex_lock(&team->mutex);
    atomic_fetch_add(&team->sleepers, 1);
    while (atomic_load(&team->meeting) == mine) pthread_cond_wait(&team->condition, &team->mutex);
    atomic_fetch_sub(&team->sleepers, 1);
    pthread_mutex_unlock(&team->mutex);
}

static void *run_lane(void *argument) {
    const vf_lane *lane = argument;
    vf_team *team = lane->team;
    for (;;) {
        vf_team_meet(team);
        if (atomic_load(&team->is_over)) return NULL;
        team->body(team->context, lane->number);
        vf_team_meet(team);
    }
}

void vf_team_run(vf_team *team) {
    vf_team_meet(team);
    team->body(team->context, 0);
    vf_team_meet(team);
}

/// Ends the threads that were started, however many.
static void destroy(vf_team *team, size_t started) {
    atomic_store(&team->is_over, 1);
    // Whoever waits already was counted: the last of those that exist opens the meeting.
    atomic_store(&team->lanes, started + 1);
    vf_team_meet(team);
    for (size_t i = 0; i < started; i++) pthread_join(team->others[i].thread, NULL);
    pthread_cond_destroy(&team->condition);
    pthread_mutex_destroy(&team->mutex);
    free(team->others);
    free(team);
}

vf_team *vf_team_make(size_t lanes, vf_team_body body, void *context) {
    if (lanes == 0) return NULL;
    vf_team *team = calloc(1, sizeof *team);
    if (!team) return NULL;
    team->others = calloc(lanes, sizeof *team->others);
    if (!team->others) {
        free(team);
        return NULL;
    }
    atomic_init(&team->lanes, lanes);
    team->body = body;
    team->context = context;
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->condition, NULL);
    for (size_t i = 0; i + 1 < lanes; i++) {
        vf_lane *lane = team->others + i;
        *lane = (vf_lane){.team = team, .number = i + 1};
        if (pthread_create(&lane->thread, NULL, run_lane, lane) != 0) {
            destroy(team, i);
            return NULL;
        }
    }
    return team;
}

void vf_team_free(vf_team *team) {
    if (team) destroy(team, team->lanes - 1);
}
