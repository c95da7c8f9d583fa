// The one place of the version: CMake, the programs and the checkpoints read it here.
#pragma once

#define AKIN_VERSION_MAJOR 0
#define AKIN_VERSION_MINOR 1
#define AKIN_VERSION_PATCH 0
#define AKIN_VERSION "0.1.0"
