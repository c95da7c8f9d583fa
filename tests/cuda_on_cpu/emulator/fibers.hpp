// Stacks to run on: a fiber for each thread of a block that waits.
#pragma once
#include <cstddef>

namespace emulator {

/// A fiber that will call main() when it is first resumed. main() must never
/// return. Those given back are taken again.
std::size_t take_fiber(void (*main)());
/// Runs the fiber until it pauses.
void resume_fiber(std::size_t fiber);
/// Called on the fiber itself: back to where it was resumed.
void pause_fiber(std::size_t fiber);
/// The fiber pauses in its main() and may be taken again, by a main() that is
/// the same.
void give_back_fiber(std::size_t fiber);
/// Called first thing in main().
void enter_fiber();
/// Leaves all stacks behind as they are, in the middle of whatever they ran.
void abandon_fibers();

}  // namespace emulator
