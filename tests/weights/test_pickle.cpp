#include <nlohmann/json.hpp>

#include "weights/archive_builder.h"
#include "weights/pickle.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;
using namespace std::string_literals;

std::string json_of(const std::string& pickle) {
  const PickleTree tree = PickleTree::parse(pickle, "test");
  return pickle_to_json(tree, tree.root(), "test");
}

TEST(Pickle, Constants) {
  EXPECT_EQ(json_of("\x80\x02N."), "null");
  EXPECT_EQ(json_of("\x80\x02\x88."), "true");
  EXPECT_EQ(json_of("\x80\x02K\xff."), "255");
  EXPECT_EQ(json_of("\x80\x02M\xff\xff."), "65535");
  EXPECT_EQ(json_of("\x80\x02J\xff\xff\xff\xff."), "-1");
  EXPECT_EQ(json_of("\x80\x02\x8a\x00."s), "0");
  EXPECT_EQ(json_of("\x80\x02\x8a\x02\x00\xff."s), "-256");
  EXPECT_EQ(json_of("\x80\x02\x8a\x05\x00\x00\x00\x00\x01."s), "4294967296");
  EXPECT_EQ(json_of("\x80\x02\x8a\x09" + std::string(9, '\x01') + "."), "\"<integer of 9 bytes>\"");
  EXPECT_EQ(json_of("\x80\x02G\x3f\xf8\x00\x00\x00\x00\x00\x00."s), "1.5");
  EXPECT_EQ(json_of("\x80\x02G\x7f\xf0\x00\x00\x00\x00\x00\x00."s), "\"inf\"");
  EXPECT_EQ(json_of(op::kStart + op::text("Größe") + "."), "\"Größe\"");
}

TEST(Pickle, Containers) {
  EXPECT_EQ(json_of("\x80\x02](K\x01K\x02"
                    "e."),
            "[1,2]");
  EXPECT_EQ(json_of("\x80\x02]K\x01"
                    "a."),
            "[1]");
  EXPECT_EQ(json_of("\x80\x02K\x01K\x02\x86."), "[1,2]");
  EXPECT_EQ(json_of("\x80\x02)."), "[]");
  EXPECT_EQ(json_of("\x80\x04\x8f(K\x07\x90."), "[7]");
  EXPECT_EQ(json_of(op::kStart + op::dict(op::text("a") + "N" + op::integer(3) + "K\x04") + "."),
            R"({"3":4,"a":null})");
}

TEST(Pickle, MemoSharesNodes) {
  // a = [5]; (a, a) written with BINPUT and BINGET, then with MEMOIZE.
  EXPECT_EQ(json_of("\x80\x02]q\x00K\x05"
                    "ah\x00\x86."s),
            "[[5],[5]]");
  EXPECT_EQ(json_of("\x80\x04]\x94K\x05"
                    "ah\x00\x86."s),
            "[[5],[5]]");
}

TEST(Pickle, UnknownCallsAndInstancesBecomeData) {
  const std::string state = op::dict(op::text("x") + op::integer(5));
  EXPECT_EQ(Json::parse(json_of(op::kStart + op::global("some.module", "Class") + ")\x81" + state + "b.")),
            Json::parse(R"({"__class__": "some.module.Class", "x": 5})"));
  EXPECT_EQ(Json::parse(json_of(op::kStart + op::call(op::global("m", "f"), op::integer(1)) + ".")),
            Json::parse(R"({"__class__": "m.f", "__arguments__": [1]})"));
  // Protocol 4: STACK_GLOBAL, a dict subclass filled by SETITEMS.
  EXPECT_EQ(json_of("\x80\x04" + op::text("m") + op::text("D") + "\x93)\x81(" + op::text("k") + "K\x01u."),
            R"({"k":1})");
  EXPECT_EQ(json_of(op::kStart +
                    op::call(op::global("__builtin__", "set"),
                             "](K\x01K\x02"
                             "e") +
                    "."),
            "[1,2]");
}

TEST(Pickle, OmegaConfNodesAreUnwrapped) {
  const auto node = [](const std::string& type, const std::string& field, const std::string& value) {
    return op::global("omegaconf", type) + ")\x81" + op::dict(op::text("_parent") + "N" + op::text(field) + value) +
           "b";
  };
  const std::string value = node("nodes.AnyNode", "_val", op::integer(7));
  const std::string list = node("listconfig.ListConfig", "_content", "](" + value + "e");
  const std::string dict = node("dictconfig.DictConfig", "_content", op::dict(op::text("a") + list));
  EXPECT_EQ(json_of(op::kStart + dict + "."), R"({"a":[7]})");
}

TEST(Pickle, RefusesNamesThatExecute) {
  for (const auto& [module, name] : std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                                                     {"posix", "system"},
                                                                                     {"nt", "system"},
                                                                                     {"subprocess", "Popen"},
                                                                                     {"builtins", "eval"},
                                                                                     {"__builtin__", "exec"},
                                                                                     {"builtins", "__import__"},
                                                                                     {"importlib._bootstrap", "f"},
                                                                                     {"os.path", "join"}}) {
    const std::string message =
        message_of<ParseError>([&] { json_of(op::kStart + op::call(op::global(module, name), op::text("ls")) + "."); });
    EXPECT_NE(message.find("'" + module + "." + name + "'"), std::string::npos) << message;
    EXPECT_NE(message.find("refused"), std::string::npos) << message;
    EXPECT_THROW(json_of("\x80\x04" + op::text(module) + op::text(name) + "\x93."), ParseError);
  }
  EXPECT_NO_THROW(json_of(op::kStart + op::global("osmium", "system") + "."));
}

TEST(Pickle, RefusesOpcodesThatTorchDoesNotWrite) {
  for (const char opcode : {'i', 'o', 'P', 'p', 'g', 'I', 'V', '\x82', '\x97', '\x98'}) {
    EXPECT_THROW(json_of("\x80\x02NN"s + opcode + "0\n."), UnsupportedError) << opcode;
  }
}

TEST(Pickle, RefusesMalformedStreams) {
  const std::vector<std::string> streams = {
      "",
      "\x80\x02",
      "\x80\x09N.",
      ".",
      "\x80\x02t.",         // no mark
      "\x80\x02(K\x01(a.",  // append across a mark
      "\x80\x02K\x01K\x02"
      "a.",                           // append to a number
      "\x80\x02}(K\x01u.",            // odd entries
      "\x80\x02](K\x01K\x02u.",       // entries of a list
      "\x80\x02K\x01Nb.",             // state of a number
      "\x80\x02h\x00."s,              // unknown memo entry
      "\x80\x02Nr\xff\xff\xff\x7f.",  // memo index far out
      "\x80\x02X\xff\xff\xff\xff.",   // text beyond the end
      "\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
      "\x80\x02\x8b\xff\xff\xff\xff.",
      "\x80\x02"
      "cno newline",
      "\x80\x04K\x01K\x02\x93.",  // class names that are numbers
      "\x80\x02G\x01.",
  };
  for (const std::string& stream : streams) EXPECT_THROW(json_of(stream), ParseError) << stream;
}

TEST(Pickle, RefusesEveryTruncation) {
  const std::string whole = state_dict_pickle(op::text("w") + op::vector("FloatStorage", "0", 3));
  EXPECT_NO_THROW(PickleTree::parse(whole, "test"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(PickleTree::parse(whole.substr(0, length), "test"), ParseError) << length;
  }
}

TEST(Pickle, CyclesAndBombsAreRefusedInJson) {
  const std::string cycle =
      "\x80\x02]q\x00h\x00"
      "a."s;
  EXPECT_THROW(json_of(cycle), ParseError);
  // Each list holds the one before it twice: 2^60 values in 200 bytes.
  std::string bomb = "\x80\x02]q\x00"s;
  for (char level = 0; level < 60; ++level) bomb += "0](h"s + level + "h" + level + "eq" + static_cast<char>(level + 1);
  EXPECT_THROW(json_of(bomb + "."), ParseError);
  std::string deep = "\x80\x02";
  for (int i = 0; i < 100000; ++i) deep += "]";
  for (int i = 1; i < 100000; ++i) deep += "a";
  EXPECT_THROW(json_of(deep + "."), ParseError);
}

TEST(Pickle, FindLooksIntoDictsAndStates) {
  const std::string state = op::dict(op::text("inner") + op::integer(2));
  const std::string object = op::global("m", "C") + ")\x81" + state + "N\x86" + "b";  // state = (dict, slots)
  const std::string pickle = op::kStart + op::dict(op::text("outer") + object) + ".";
  const PickleTree tree = PickleTree::parse(pickle, "test");
  const NodeId outer = tree.find(tree.root(), "outer");
  ASSERT_NE(outer, kNoNode);
  EXPECT_EQ(tree.class_name(outer), "m.C");
  const NodeId inner = tree.find(outer, "inner");
  ASSERT_NE(inner, kNoNode);
  EXPECT_EQ(tree[inner].integer, 2);
  EXPECT_EQ(tree.find(outer, "absent"), kNoNode);
}

}  // namespace
}  // namespace tilefold::weights
