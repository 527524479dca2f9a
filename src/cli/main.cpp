#include "cli/application.h"

int main(int argc, char** argv) { return tilefold::cli::run(argc, argv); }
