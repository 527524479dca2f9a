// Runs a fuzz target without libFuzzer: every file of the corpus, then seeded mutations of them.
//
//   fuzz_<name> CORPUS... [--runs=N] [--seconds=S] [--seed=N] [--max_len=BYTES] [--timeout=S] [--artifact_prefix=PATH]
//
// CORPUS are files or folders. Mutations go on until N inputs have run or S seconds have passed, whichever is first;
// with neither only the corpus runs, so `fuzz_<name> crash-file` repeats a failure. The same seed gives the same
// inputs. On a crash, a sanitizer report or an input that takes too long, the input is written to
// <artifact_prefix>crash-<seed>-<run> and its path is printed.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Present in programs built with a sanitizer; its handlers then report memory errors.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

struct Options {
  std::vector<std::filesystem::path> corpus;
  std::uint64_t runs = 0;
  double seconds = 0;
  std::uint64_t seed = 1;
  std::size_t max_length = 64 * 1024;
  unsigned timeout = 20;
  std::string artifact_prefix;
};

// What the crash handlers write: only async-signal-safe calls are used on it.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;
std::array<char, 4096> artifact_path = {};

void write_text(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

void save_current_input() {
  if (current_data == nullptr) return;
  const int file = ::open(artifact_path.data(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  std::size_t done = 0;
  while (file >= 0 && done < current_size) {
    const ssize_t count = ::write(file, current_data + done, current_size - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (file >= 0) ::close(file);
  write_text(file >= 0 ? "failing input written to " : "failing input could not be written to ");
  write_text({artifact_path.data(), std::strlen(artifact_path.data())});
  write_text("\n");
  current_data = nullptr;
}

void on_signal(int signal) {
  write_text(signal == SIGALRM ? "input takes too long; " : "crashed; ");
  save_current_input();
  ::_exit(1);
}

void install_handlers() {
  // Sanitizers print their own report for the first group and then call the death callback.
  std::vector<int> signals = {SIGABRT, SIGALRM};
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_current_input);
  } else {
    signals.insert(signals.end(), {SIGSEGV, SIGBUS, SIGFPE, SIGILL});
  }
  // Stack overflow leaves no stack to handle the signal on.
  static std::array<char, 64 * 1024> alternate_stack;
  stack_t stack = {};
  stack.ss_sp = alternate_stack.data();
  stack.ss_size = alternate_stack.size();
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : signals) sigaction(signal, &action, nullptr);
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> corpus_files(const Options& options) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& path : options.corpus) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Makes new inputs of old ones.
class Mutator {
 public:
  Mutator(const std::vector<Bytes>& corpus, const Options& options)
      : corpus_(corpus), max_length_(options.max_length), random_(options.seed) {}

  Bytes next() {
    Bytes input = corpus_.empty() ? Bytes{} : corpus_[below(corpus_.size())];
    // Mostly few changes, sometimes many.
    const std::size_t changes = std::size_t{1} << below(6);
    for (std::size_t i = 0; i < changes; ++i) mutate(input);
    if (input.size() > max_length_) input.resize(max_length_);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  void mutate(Bytes& input) {
    switch (below(10)) {
      case 0:
        return flip_bit(input);
      case 1:
        return set_byte(input);
      case 2:
        return set_number(input);
      case 3:
        return erase_range(input);
      case 4:
        return insert_bytes(input);
      case 5:
        return repeat_range(input);
      case 6:
        return splice(input);
      case 7:
        return change_digit(input);
      case 8:
        return add_to_byte(input);
      default:
        if (below(8) == 0) input.resize(below(input.size() + 1));
    }
  }

  void flip_bit(Bytes& input) {
    if (!input.empty()) input[below(input.size())] ^= static_cast<std::uint8_t>(1U << below(8));
  }
  void set_byte(Bytes& input) {
    constexpr std::array<std::uint8_t, 16> kTelling = {0,   1,   0x7F, 0x80, 0xFF, '\n', '\r', '\t',
                                                       ' ', '"', '\'', '{',  '}',  '[',  ':',  '-'};
    if (!input.empty()) input[below(input.size())] = below(2) == 0 ? byte() : kTelling[below(kTelling.size())];
  }
  void add_to_byte(Bytes& input) {
    if (input.empty()) return;
    std::uint8_t& target = input[below(input.size())];
    target = static_cast<std::uint8_t>(target + below(33) - 16);
  }
  /// A number at the edge of what sizes and offsets may be, 1 to 8 bytes, little- or big-endian.
  void set_number(Bytes& input) {
    constexpr std::array<std::uint64_t, 12> kEdges = {0,
                                                      1,
                                                      0xFF,
                                                      0x7FFF,
                                                      0xFFFF,
                                                      0x10000,
                                                      0x7FFFFFFF,
                                                      0x80000000,
                                                      0xFFFFFFFF,
                                                      0x7FFFFFFFFFFFFFFF,
                                                      0x8000000000000000,
                                                      ~std::uint64_t{0}};
    const std::size_t width = std::size_t{1} << below(4);
    if (input.size() < width) return;
    std::uint64_t value = kEdges[below(kEdges.size())] + below(3) - 1;
    if (below(4) == 0) value = input.size() + below(17) - 8;
    const bool big_endian = below(4) == 0;
    const std::size_t at = below(input.size() - width + 1);
    for (std::size_t i = 0; i < width; ++i) {
      input[at + (big_endian ? width - 1 - i : i)] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
  /// A piece of the input, usually short.
  std::pair<std::size_t, std::size_t> range(const Bytes& input) {
    const std::size_t begin = below(input.size());
    const std::size_t limit = below(4) == 0 ? input.size() : 16;
    return {begin, std::min(input.size() - begin, 1 + below(limit))};
  }
  void erase_range(Bytes& input) {
    if (input.empty()) return;
    const auto [begin, count] = range(input);
    const auto first = input.begin() + static_cast<std::ptrdiff_t>(begin);
    input.erase(first, first + static_cast<std::ptrdiff_t>(count));
  }
  void insert_bytes(Bytes& input) {
    Bytes extra(1 + below(8));
    const bool same = below(2) == 0;
    const std::uint8_t fill = byte();
    for (std::uint8_t& value : extra) value = same ? fill : byte();
    insert(input, extra);
  }
  void insert(Bytes& input, const Bytes& extra) {
    if (input.size() + extra.size() > 2 * max_length_) return;
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)), extra.begin(), extra.end());
  }
  Bytes piece(const Bytes& input) {
    const auto [begin, count] = range(input);
    const auto first = input.begin() + static_cast<std::ptrdiff_t>(begin);
    return {first, first + static_cast<std::ptrdiff_t>(count)};
  }
  void repeat_range(Bytes& input) {
    if (input.empty()) return;
    const Bytes copy = piece(input);
    for (std::size_t i = 1 + below(4); i-- > 0;) insert(input, copy);
  }
  void splice(Bytes& input) {
    if (corpus_.empty()) return;
    const Bytes& other = corpus_[below(corpus_.size())];
    if (!other.empty()) insert(input, piece(other));
  }
  /// Formats made of text break in other ways when numbers change than when bytes do.
  void change_digit(Bytes& input) {
    if (input.empty()) return;
    const std::size_t start = below(input.size());
    for (std::size_t i = 0; i < input.size(); ++i) {
      std::uint8_t& target = input[(start + i) % input.size()];
      if (target < '0' || target > '9') continue;
      target = static_cast<std::uint8_t>('0' + below(10));
      return;
    }
  }

  const std::vector<Bytes>& corpus_;
  std::size_t max_length_;
  std::mt19937_64 random_;
};

void run_input(const Bytes& input, const Options& options, std::uint64_t run) {
  std::snprintf(artifact_path.data(), artifact_path.size(), "%scrash-%llu-%llu", options.artifact_prefix.c_str(),
                static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(run));
  // An exact copy on the heap, so that a sanitizer sees a read of one byte too many.
  const Bytes exact(input.begin(), input.end());
  static const std::uint8_t nothing = 0;
  current_data = exact.empty() ? &nothing : exact.data();
  current_size = exact.size();
  ::alarm(options.timeout);
  try {
    LLVMFuzzerTestOneInput(current_data, current_size);
  } catch (...) {
    save_current_input();
    throw;
  }
  ::alarm(0);
  current_data = nullptr;
}

std::uint64_t parse_count(std::string_view option, std::string_view text) {
  std::size_t used = 0;
  const std::string copy(text);
  const unsigned long long value = copy.empty() || copy[0] == '-' ? 0 : std::stoull(copy, &used);
  if (used != copy.size() || copy.empty()) throw std::runtime_error("not a number: " + std::string(option));
  return value;
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (!argument.starts_with("--")) {
      options.corpus.emplace_back(argument);
      continue;
    }
    const std::string_view name = argument.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : argument.substr(equals + 1);
    if (name == "--artifact_prefix") {
      options.artifact_prefix = value;
    } else if (name == "--runs") {
      options.runs = parse_count(argument, value);
    } else if (name == "--seconds") {
      options.seconds = static_cast<double>(parse_count(argument, value));
    } else if (name == "--seed") {
      options.seed = parse_count(argument, value);
    } else if (name == "--max_len") {
      options.max_length = parse_count(argument, value);
    } else if (name == "--timeout") {
      options.timeout = static_cast<unsigned>(parse_count(argument, value));
    } else {
      throw std::runtime_error("unknown option " + std::string(argument));
    }
  }
  return options;
}

int run(const Options& options) {
  std::vector<Bytes> corpus;
  for (const std::filesystem::path& path : corpus_files(options)) corpus.push_back(read_file(path));
  std::printf("seed %llu, %zu corpus inputs\n", static_cast<unsigned long long>(options.seed), corpus.size());
  std::fflush(stdout);
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  std::uint64_t count = 0;
  for (const Bytes& input : corpus) run_input(input, options, count++);
  Mutator mutator(corpus, options);
  const bool mutate = options.runs > 0 || options.seconds > 0;
  const auto finished = [&] {
    return (options.runs > 0 && count >= options.runs) || (options.seconds > 0 && elapsed() >= options.seconds);
  };
  while (mutate && !finished()) run_input(mutator.next(), options, count++);
  std::printf("%llu inputs in %.1f s, no failure\n", static_cast<unsigned long long>(count), elapsed());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse_options(argc, argv);
    install_handlers();
    return run(options);
  } catch (const std::exception& error) {
    write_text("error: ");
    write_text(error.what());
    write_text("\n");
    return 1;
  }
}
