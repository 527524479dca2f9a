// Any bytes as the text of a graph: parsing either fails with a ParseError or gives a graph whose text reads back.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "graph/graph.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  tilefold::Graph graph;
  try {
    graph = tilefold::Graph::parse(text);
  } catch (const tilefold::ParseError&) {
    return 0;
  }
  try {
    tilefold::verify(graph);
  } catch (const tilefold::CompileError&) {
    // Well-formed text of an ill-formed graph: it must still print.
  }
  const std::string printed = graph.to_string();
  if (tilefold::Graph::parse(printed).to_string() != printed) {
    std::fprintf(stderr, "the printed graph does not read back:\n%s\n", printed.c_str());
    std::abort();
  }
  return 0;
}
