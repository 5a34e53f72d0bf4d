// The cases of memory: buffers, blocks, containers and text, one file each. Their systems take memory from
// malloc() or operator new, whoever serves these: see report/allocators.py.
#pragma once

#include <vector>

#include "harness/lineup.hpp"

namespace bench {

void add_buffers(std::vector<lineup>& all);          // buffers.cpp
void add_blocks(std::vector<lineup>& all);           // blocks.cpp
void add_blocks_handover(std::vector<lineup>& all);  // blocks_handover.cpp
void add_containers(std::vector<lineup>& all);       // containers.cpp
void add_text(std::vector<lineup>& all);             // text.cpp

}  // namespace bench
