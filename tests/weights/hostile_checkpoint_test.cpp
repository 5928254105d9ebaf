// Malicious files: each is refused at once with a one-line message that names the problem, and nothing in it is
// executed.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "weights/state_dict.h"
#include "weights/torch_writer.h"

namespace daclip {
namespace {

using namespace test;
namespace p = test::pickled;

void expect_refused(const std::vector<uint8_t>& bytes, const std::string& words) {
  try {
    parse_state_dict(share(bytes), "hostile.pt");
    FAIL() << "accepted; expected: " << words;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_TRUE(message.starts_with("hostile.pt: ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_LT(message.size(), 500u);
  }
}

void expect_refused(const std::string& value, const std::string& words) { expect_refused(torch_zip(value, {}), words); }

std::string small_tensor(int64_t count = 4) { return p::storage("FloatStorage", "0", count); }
const std::vector<std::string> kFour = {floats({1, 2, 3, 4})};

void expect_tensor_refused(int64_t offset, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                           const std::string& words) {
  expect_refused(torch_zip(p::dict({{"x", p::tensor(small_tensor(), offset, shape, strides)}}), kFour), words);
  const std::string legacy = p::storage("FloatStorage", "0", 4, true);
  expect_refused(torch_legacy(p::dict({{"x", p::tensor(legacy, offset, shape, strides)}}), kFour), words);
}

TEST(HostilePickle, calling_os_system_is_refused_by_name_and_not_run) {
  const std::filesystem::path trace = std::filesystem::temp_directory_path() / "daclip-was-hacked";
  std::filesystem::remove(trace);
  const std::string arguments = p::tuple({p::text(cat("touch ", trace.string()))});
  for (const auto& [module, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"os", "system"}, {"posix", "system"}, {"builtins", "eval"}, {"subprocess", "Popen"}, {"torch", "load"}}) {
    const std::string call = p::call(p::global(module, name), arguments);
    const std::string words = cat("class ", module, ".", name, " is refused");
    expect_refused(call, words);
    expect_refused(p::dict({{"state_dict", call}}), words);
    expect_refused(torch_legacy(call, {}), words);
  }
  EXPECT_FALSE(std::filesystem::exists(trace));
}

TEST(HostilePickle, a_class_named_on_the_stack_is_refused_too) {
  expect_refused(cat(p::text("os"), p::text("system"), "\x93", p::tuple({p::text("true")}), "R"), "class os.system");
}

TEST(HostilePickle, operations_that_weights_do_not_need_are_refused_by_name) {
  expect_refused(cat("(", p::text("true"), "ios\nsystem\n"), "operation INST is refused");
  expect_refused(cat("(", p::text("x"), "o"), "operation OBJ");
  expect_refused("\x82\x01", "operation EXT1");
  expect_refused("I1\n", "operation INT");
  expect_refused("Pid\n", "operation PERSID");
  expect_refused("\xff", "unknown operation 255");
}

TEST(HostilePickle, cyclic_structures_do_no_harm) {
  // A list that contains itself, a dict that is its own state_dict, an object that is its own attribute.
  expect_refused(
      "]q\x01h\x01"
      "a",
      "no weights");
  expect_refused(cat("}q\x01", p::text("state_dict"), "h\x01s"), "no weights");
  const std::string object = cat(p::global("__torch__.net", "M"), ")\x81q\x01}", p::text("self"), "h\x01sb");
  expect_refused(zip({{"a/data.pkl", p::whole(object)}, {"a/constants.pkl", ""}}), "nested deeper");
}

TEST(HostilePickle, deep_structures_do_no_harm) {
  std::string deep = ")";
  for (int i = 0; i < 500'000; ++i) deep += "\x85";
  expect_refused(deep, "no weights");
  expect_refused(std::string(2'000'000, '('), "nested deeper than 1000");
  std::string chain = p::dict({{"x", "N"}});
  for (int i = 0; i < 100; ++i) chain = p::dict({{"model", chain}});
  expect_refused(chain, "no weights");
}

TEST(HostilePickle, objects_that_unfold_exponentially_are_cut) {
  // Each module holds the previous one twice: 2^60 paths in a few hundred bytes.
  std::string nest = p::module("Leaf", {});
  for (int i = 0; i < 28; ++i)
    nest = cat(p::global("__torch__.net", "M"), ")\x81}(", p::text("a"), nest, "q", char(i), p::text("b"), "h", char(i),
               "ub");
  expect_refused(zip({{"a/data.pkl", p::whole(nest)}, {"a/constants.pkl", ""}}), "too many");
}

TEST(HostilePickle, endless_programs_are_cut) {
  expect_refused(std::string(3'000'000, 'N'), "more than 1000000 values");
  std::string copies = "N";
  copies.append(3'000'000, '2');
  expect_refused(copies, "stack holds more than");
}

TEST(HostilePickle, inconsistent_programs_are_refused) {
  expect_refused("t", "no mark");
  expect_refused("0", "empty stack");
  expect_refused("h\x07", "no memo entry 7");
  expect_refused(cat("N", p::text("x"), "s"), "empty stack");
  expect_refused("NNNs", "not a dict");
  expect_refused("N)R", "not a function");
  expect_refused(cat(p::global("collections", "OrderedDict"), "NR"), "not a tuple");
  expect_refused("NNb", "not an object");
  expect_refused("\x80\x09N", "protocol 9");
  expect_refused("cos", "unterminated name");
  expect_refused("X\xff\xff\xff\x7f", "truncated");
  expect_refused("N", "no weights");
}

TEST(HostileTensors, shapes_whose_product_overflows_are_refused) {
  expect_tensor_refused(0, {int64_t(1) << 32, int64_t(1) << 32}, {1, 1}, "overflows");
  expect_tensor_refused(0, {INT64_MAX, INT64_MAX, 4}, {0, 0, 0}, "overflows");
  expect_tensor_refused(0, {4}, {INT64_MAX}, "overflows");
  expect_tensor_refused(INT64_MAX, {2}, {INT64_MAX}, "reaches element");
  expect_refused(torch_zip(p::dict({{"x", p::tensor(small_tensor(INT64_MAX), 0, {1}, {1})}}), kFour), "overflows");
}

TEST(HostileTensors, huge_ones_are_refused_before_memory_is_taken) {
  expect_tensor_refused(0, {1'000'000'000, 1'000'000}, {0, 0}, "exceed the 4 elements of the storage");
  expect_tensor_refused(0, {5}, {1}, "exceed the 4 elements of the storage");
  expect_refused(torch_zip(p::dict({{"x", p::tensor(small_tensor(1'000'000'000'000), 0, {1}, {1})}}), kFour),
                 "holds 16 bytes, expected 4000000000000");
}

TEST(HostileTensors, those_that_leave_their_storage_are_refused) {
  expect_tensor_refused(3, {2}, {1}, "reaches element 4");
  expect_tensor_refused(0, {2, 2}, {3, 1}, "reaches element 4");
  expect_tensor_refused(-1, {1}, {1}, "offset of 0 or more");
  expect_tensor_refused(0, {-1}, {1}, "0 or more");
  expect_tensor_refused(1, {2}, {-1}, "0 or more");
  expect_tensor_refused(0, {2}, {1, 1}, "1 dimensions and 2 strides");
  expect_tensor_refused(0, std::vector<int64_t>(40, 1), std::vector<int64_t>(40, 1), "at most 16");
}

TEST(HostileTensors, many_that_share_one_storage_cannot_fill_the_memory) {
  std::vector<std::pair<std::string, std::string>> same, turned;
  const std::string storage = p::storage("FloatStorage", "0", 250'000);
  for (int i = 0; i < 20; ++i) {
    same.emplace_back(std::to_string(i), p::tensor(storage, 0, {500, 500}, {500, 1}));
    turned.emplace_back(std::to_string(i), p::tensor(storage, 0, {500, 500}, {1, 500}));
  }
  const std::vector<std::string> megabyte = {std::string(1'000'000, '\0')};
  expect_refused(torch_zip(p::dict(same), megabyte), "share storage");
  expect_refused(torch_zip(p::dict(turned), megabyte), "more than twice the file's size");
}

TEST(HostileTensors, descriptions_that_are_none_are_refused) {
  const auto with = [](const std::string& storage) {
    return torch_zip(p::dict({{"x", p::tensor(storage, 0, {4}, {1})}}), kFour);
  };
  expect_refused(with(p::storage("CharStorage", "0", 16)), "type CharStorage");
  expect_refused(with(p::storage("FloatStorage", "7", 4)), "storage 7 is not in the file");
  expect_refused(with(p::storage("FloatStorage", "0", 3)), "holds 16 bytes, expected 12");
  expect_refused(with("NQ"), "not in torch.save's form");
  expect_refused(with("N"), "not in torch.save's form");
  const std::string tensor = p::tensor(small_tensor(), 0, {4}, {1});
  expect_refused(torch_zip(p::dict({{"x", tensor}, {"module.x", tensor}}), kFour), "duplicate");
}

TEST(HostileZip, wrong_sizes_and_places_are_refused) {
  const std::string value = p::whole(p::dict({{"x", p::tensor(small_tensor(), 0, {4}, {1})}}));
  const auto with = [&](ZipFile storage) {
    storage.name = "a/data/0";
    storage.data = kFour[0];
    return zip({{"a/data.pkl", value}, storage, {"a/version", "3\n"}});
  };
  expect_refused(with({.size_error = 8}), "its sizes differ: 16 and 24");
  expect_refused(with({.both_error = -4}), "holds 12 bytes, expected 16");
  expect_refused(with({.both_error = 43}), "overlap");
  expect_refused(with({.both_error = 4000}), "lies outside the file");
  expect_refused(with({.offset_error = 1}), "no header");
  expect_refused(with({.offset_error = 1 << 20}), "no header");
  expect_refused(with({.method = 8}), "storage 0 is not in the file");
  expect_refused(zip({{"a/data.pkl", value, 8}}), "compressed or encrypted");
  expect_refused(zip({{"a/data.pkl", value, 0, 1}}), "compressed or encrypted");
  expect_refused(zip({{"a/data.pkl", value}, {"a/data.pkl", value}}), "duplicate");
  expect_refused(zip({{"a/data.pkl", value}, {"b/data.pkl", value}}), "two data.pkl");
  expect_refused(zip({{"a/other", value}}), "without data.pkl");
  expect_refused(zip({{"a/data.pkl", value}, {"a/byteorder", "middle"}}), "byte order middle");
}

TEST(HostileZip, sizes_in_64_bits_are_checked_as_well) {
  expect_refused(zip({{.name = "a/data.pkl", .data = "N.", .both_error = INT64_MAX}}, true), "lies outside the file");
  expect_refused(zip({{.name = "a/data.pkl", .data = "N.", .offset_error = -8}}, true), "no header");
}

TEST(HostileZip, every_truncation_is_an_error) {
  const std::string value = p::dict({{"x", p::tensor(small_tensor(), 0, {4}, {1})}});
  const std::string legacy = p::dict({{"x", p::tensor(p::storage("FloatStorage", "0", 4, true), 0, {4}, {1})}});
  for (const std::vector<uint8_t>& whole : {torch_zip(value, kFour), torch_legacy(legacy, kFour)}) {
    EXPECT_EQ(parse_state_dict(share(whole), "whole").arrays.at("x").numel(), 4u);
    for (size_t size = 0; size < whole.size(); ++size)
      EXPECT_THROW(parse_state_dict(share({whole.begin(), whole.begin() + std::ptrdiff_t(size)}), "part"), Error)
          << size;
  }
}

TEST(HostileLegacy, storages_that_do_not_fit_are_refused) {
  const std::string value = p::dict({{"x", p::tensor(p::storage("FloatStorage", "0", 4, true), 0, {4}, {1})}});
  std::vector<uint8_t> bytes = torch_legacy(value, kFour);
  for (size_t i = 1; i <= 8; ++i) bytes[bytes.size() - 16 - i] = 0xff;
  expect_refused(bytes, "overflows");
  bytes = torch_legacy(value, kFour);
  bytes[bytes.size() - 16 - 8] = 5;
  expect_refused(bytes, "needs 20 bytes, but only 16");
  expect_refused(torch_legacy(value, {kFour[0], kFour[0]}), "not used by any tensor");
}

TEST(OtherFiles, are_refused_with_their_kind) {
  const std::string bare = p::whole(p::dict({{"x", "N"}}));
  expect_refused(std::vector<uint8_t>(bare.begin(), bare.end()), "a bare pickle");
  expect_refused(std::vector<uint8_t>{1, 2, 3}, "too short");
  const std::string text = "<html>404 not found</html>";
  expect_refused(std::vector<uint8_t>(text.begin(), text.end()), "is a web page");
}

}  // namespace
}  // namespace daclip
