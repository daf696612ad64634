#ifndef VERIFAR_CKERNELS_H
#define VERIFAR_CKERNELS_H

#include "dispatch.h"
#include "imaging.h"
#include "neural.h"
#include "training.h"

#endif
