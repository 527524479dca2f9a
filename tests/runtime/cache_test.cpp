#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "runtime/disk_cache.h"
#include "runtime/kernel_cache.h"
#include "runtime/object_file.h"
#include "support/temporary_folder.h"
#include "tilefold/error.h"

namespace tilefold {
namespace {

namespace fs = std::filesystem;

using test::TemporaryFolder;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(CacheEntry, RoundTrip) {
  const std::vector<std::byte> file = make_cache_entry("key", bytes_of("object"));
  const auto object = parse_cache_entry(file, "key");
  ASSERT_TRUE(object);
  EXPECT_EQ(std::vector<std::byte>(object->begin(), object->end()), bytes_of("object"));
  EXPECT_FALSE(parse_cache_entry(file, "kez"));
  EXPECT_FALSE(parse_cache_entry(file, "ke"));
  EXPECT_FALSE(parse_cache_entry(file, "key2"));
  EXPECT_FALSE(parse_cache_entry({}, "key"));
}

TEST(CacheEntry, EveryDamageIsNoticed) {
  const std::vector<std::byte> file = make_cache_entry("some key text", bytes_of("an object of some bytes"));
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(parse_cache_entry(std::span(file).first(length), "some key text")) << length;
  }
  for (std::size_t position = 0; position < file.size(); ++position) {
    for (const std::byte flip : {std::byte{1}, std::byte{0x80}}) {
      std::vector<std::byte> damaged = file;
      damaged[position] ^= flip;
      EXPECT_FALSE(parse_cache_entry(damaged, "some key text")) << position;
    }
  }
  std::vector<std::byte> longer = file;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse_cache_entry(longer, "some key text"));
}

TEST(DiskCache, StoresAndLoads) {
  const TemporaryFolder folder;
  const DiskCache cache(folder.path() / "deeper" / "kernels");
  ASSERT_TRUE(cache.enabled());
  struct stat status{};
  ASSERT_EQ(::stat(cache.folder().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_FALSE(cache.load("a"));
  cache.store("a", bytes_of("object a"));
  cache.store("b", bytes_of("object b"));
  EXPECT_EQ(cache.load("a"), bytes_of("object a"));
  EXPECT_EQ(cache.load("b"), bytes_of("object b"));
  cache.store("a", bytes_of("another"));
  EXPECT_EQ(cache.load("a"), bytes_of("another"));
  EXPECT_EQ(files_in(cache.folder()), 2u);  // no temporary files
  EXPECT_EQ(DiskCache(cache.folder()).load("b"), bytes_of("object b"));
}

TEST(DiskCache, DamagedAndForeignEntriesAreMisses) {
  const TemporaryFolder folder;
  const DiskCache cache(folder.path());
  cache.store("a", bytes_of("object"));
  fs::resize_file(cache.file_of("a"), fs::file_size(cache.file_of("a")) - 1);
  EXPECT_FALSE(cache.load("a"));
  EXPECT_FALSE(fs::exists(cache.file_of("a")));
  // Another key's entry under our name.
  cache.store("b", bytes_of("object b"));
  fs::copy_file(cache.file_of("b"), cache.file_of("a"));
  EXPECT_FALSE(cache.load("a"));
  EXPECT_TRUE(cache.load("b"));
  // Neither folders nor links are read.
  fs::create_directory(cache.file_of("c"));
  EXPECT_FALSE(cache.load("c"));
  fs::create_symlink(cache.file_of("b"), cache.file_of("d"));
  EXPECT_FALSE(cache.load("d"));
}

TEST(DiskCache, RefusesFoldersThatOthersCanWriteTo) {
  const TemporaryFolder folder;
  for (const mode_t mode : {0770u, 0707u, 0777u}) {
    ASSERT_EQ(::chmod(folder.path().c_str(), mode), 0);
    const DiskCache cache(folder.path());
    EXPECT_FALSE(cache.enabled());
    EXPECT_NE(cache.refusal(), "");
    cache.store("a", bytes_of("object"));
    EXPECT_FALSE(cache.load("a"));
  }
  EXPECT_EQ(files_in(folder.path()), 0u);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  EXPECT_TRUE(DiskCache(folder.path()).enabled());
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_FALSE(DiskCache(folder.path() / "file").enabled());
  EXPECT_FALSE(DiskCache(fs::path()).enabled());
  if (::geteuid() == 0) {
    fs::create_directory(folder.path() / "other");
    ASSERT_EQ(::chown((folder.path() / "other").c_str(), 12345, 12345), 0);
    EXPECT_FALSE(DiskCache(folder.path() / "other").enabled());
  }
}

TEST(DiskCache, LeastRecentlyUsedEntriesGoFirst) {
  const TemporaryFolder folder;
  DiskCache cache(folder.path());
  const std::vector<std::byte> object(10'000);
  for (const char* key : {"a", "b", "c"}) {
    cache.store(key, object);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(cache.load("a"));
  cache.set_capacity(35'000);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  cache.store("d", object);
  EXPECT_TRUE(cache.load("a"));
  EXPECT_FALSE(cache.load("b"));
  EXPECT_TRUE(cache.load("c"));
  EXPECT_TRUE(cache.load("d"));
}

TEST(DiskCache, LooksAtTheFolderOnlyAfterAnEighthOfTheFreeRoomWasWritten) {
  const TemporaryFolder folder;
  DiskCache cache(folder.path());
  cache.set_capacity(100'000);
  const std::vector<std::byte> object(1000);
  cache.store("first", object);
  // What another process writes meanwhile.
  const std::filesystem::path foreign = folder.path() / "foreign.kernel";
  std::ofstream(foreign) << std::string(200'000, 'x');
  std::filesystem::last_write_time(foreign, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  for (int i = 0; i < 8; ++i) cache.store(std::to_string(i), object);
  EXPECT_TRUE(std::filesystem::exists(foreign));
  for (int i = 8; i < 16; ++i) cache.store(std::to_string(i), object);
  EXPECT_FALSE(std::filesystem::exists(foreign));
  EXPECT_TRUE(cache.load("first"));
}

struct FakeKernel {
  std::string text;
};

std::shared_ptr<const void> link_fake(const KernelCache::Object& object) {
  const std::string text(reinterpret_cast<const char*>(object.data()), object.size());
  if (text.starts_with("bad")) throw CompileError("does not link");
  return std::make_shared<const FakeKernel>(FakeKernel{text});
}

std::string get(KernelCache& cache, const std::string& key, const std::string& object) {
  const auto kernel = cache.get(key, [&] { return bytes_of(object); }, link_fake);
  return static_cast<const FakeKernel*>(kernel.get())->text;
}

TEST(KernelCache, CountsHitsMissesAndDiskHits) {
  const TemporaryFolder folder;
  KernelCache first(DiskCache(folder.path()), 1 << 20);
  EXPECT_EQ(get(first, "k", "made"), "made");
  EXPECT_EQ(get(first, "k", "not made"), "made");
  EXPECT_EQ(first.statistics().misses, 1u);
  EXPECT_EQ(first.statistics().hits, 1u);
  EXPECT_EQ(first.statistics().entries, 1u);
  EXPECT_EQ(first.statistics().bytes, 4u);
  // As a second process would: nothing is compiled.
  KernelCache second(DiskCache(folder.path()), 1 << 20);
  second.set_miss_is_error(true);
  EXPECT_EQ(get(second, "k", "not made"), "made");
  EXPECT_EQ(second.statistics().disk_hits, 1u);
  EXPECT_EQ(second.statistics().misses, 0u);
  EXPECT_THROW(get(second, "other", "x"), CompileError);
  second.set_miss_is_error(false);
  EXPECT_EQ(get(second, "other", "x"), "x");
}

TEST(KernelCache, ObjectsThatDoNotLinkAreCompiledAgain) {
  const TemporaryFolder folder;
  const DiskCache disk(folder.path());
  disk.store("k", bytes_of("bad object"));
  KernelCache cache(disk, 1 << 20);
  EXPECT_EQ(get(cache, "k", "good"), "good");
  EXPECT_EQ(cache.statistics().misses, 1u);
  EXPECT_EQ(disk.load("k"), bytes_of("good"));
}

TEST(KernelCache, EvictsTheLeastRecentlyUsed) {
  KernelCache cache(DiskCache(), 25);
  get(cache, "a", "0123456789");
  get(cache, "b", "0123456789");
  get(cache, "a", "-");
  get(cache, "c", "0123456789");  // b goes
  EXPECT_EQ(cache.statistics().evictions, 1u);
  EXPECT_EQ(cache.statistics().bytes, 20u);
  EXPECT_EQ(get(cache, "a", "-"), "0123456789");
  EXPECT_EQ(get(cache, "b", "again"), "again");
  cache.set_capacity(0);
  EXPECT_EQ(cache.statistics().entries, 0u);
  cache.clear_memory();
  EXPECT_EQ(cache.statistics().bytes, 0u);
}

TEST(KernelCache, AFailedCompilationIsTriedAgain) {
  KernelCache cache(DiskCache(), 1 << 20);
  const KernelCache::Compile fail = []() -> KernelCache::Object { throw CompileError("no"); };
  EXPECT_THROW(cache.get("k", fail, link_fake), CompileError);
  EXPECT_EQ(get(cache, "k", "made"), "made");
}

TEST(KernelCache, OneCompilationForManyThreads) {
  KernelCache cache(DiskCache(), 1 << 20);
  std::atomic<int> compilations{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = std::to_string(i % 10);
        const auto kernel = cache.get(
            key,
            [&] {
              ++compilations;
              std::this_thread::sleep_for(std::chrono::milliseconds(1));
              return bytes_of(key);
            },
            link_fake);
        EXPECT_EQ(static_cast<const FakeKernel*>(kernel.get())->text, key);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(compilations, 10);
}

}  // namespace
}  // namespace tilefold
