#ifndef VERIFAR_NEURAL_H
#define VERIFAR_NEURAL_H
#endif
