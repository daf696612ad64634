#ifndef VERIFAR_TEAM_H
#define VERIFAR_TEAM_H

#include <stddef.h>

/// Threads that work on the same thing in step: they meet after every few microseconds of work, so they wait by spinning
/// first and sleep only when somebody is late.
typedef struct vf_team vf_team;

/// What every member does in a run; `lane` is 0 for the thread that calls vf_team_run.
typedef void (*vf_team_body)(void *context, size_t lane);

/// Starts `lanes - 1` threads; null if the system gives none.
vf_team *vf_team_make(size_t lanes, vf_team_body body, void *context);
/// Runs the body once on every lane and returns when all are through. One thread at a time may call it.
void vf_team_run(vf_team *team);
/// Called by every lane inside the body: returns when all have called it.
void vf_team_meet(vf_team *team);
/// Ends the threads.
void vf_team_free(vf_team *team);

#endif
