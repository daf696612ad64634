#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer's own main loop (compiler-rt/lib/fuzzer/FuzzerInterface.h declares it for C++).
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
