#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <sstream>
#include <vector>

#include "lib/array.hpp"

using namespace xg;

// Every expected text was printed by NumPy 1.24.

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

Array array(const std::vector<double>& values, const Shape& shape, DType dtype) {
  return Array::from(values, shape).astype(dtype);
}

/// 0, 1, 2, ...
Array counted(const Shape& shape, DType dtype) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 0);
  return Array::from(values, shape).astype(dtype);
}

}  // namespace

TEST_CASE("print: integers are right-aligned") {
  CHECK(to_string(array({1, 2, 3}, {3}, int64)) == "[1 2 3]");
  CHECK(to_string(array({1, -20, 300}, {3}, int32)) == "[  1 -20 300]");
  CHECK(to_string(array({0, 255, 7, 16}, {2, 2}, uint8)) ==
        "[[  0 255]\n"
        " [  7  16]]");
  CHECK(to_string(array({1, -1000}, {2, 1}, int64)) ==
        "[[    1]\n"
        " [-1000]]");
  CHECK(to_string(Array::from(std::vector<std::int64_t>{-9223372036854775807 - 1, 9223372036854775807}, {2})) ==
        "[-9223372036854775808  9223372036854775807]");
}

TEST_CASE("print: booleans") {
  CHECK(to_string(array({1, 0}, {2}, boolean)) == "[ True False]");
  CHECK(to_string(array({1, 1, 0, 1}, {2, 2}, boolean)) ==
        "[[ True  True]\n"
        " [False  True]]");
  CHECK(to_string(array({1}, {1}, boolean)) == "[ True]");
}

TEST_CASE("print: floats have the fewest digits and aligned points") {
  CHECK(to_string(array({1, 2.5, -3}, {3}, float32)) == "[ 1.   2.5 -3. ]");
  CHECK(to_string(array({0.1, 0.25, 0.125}, {3}, float32)) == "[0.1   0.25  0.125]");
  CHECK(to_string(array({0, -0.0}, {2}, float64)) == "[ 0. -0.]");
  CHECK(to_string(array({1, 10, 100, 0.5}, {2, 2}, float32)) ==
        "[[  1.   10. ]\n"
        " [100.    0.5]]");
  CHECK(to_string(array({0.33333334, 0.6666667, 1}, {3}, float32)) == "[0.33333334 0.6666667  1.        ]");
  CHECK(to_string(array({0.3333333333333333, 0.6666666666666666, 1}, {3}, float64)) ==
        "[0.33333333 0.66666667 1.        ]");
  CHECK(to_string(array({0.30000000000000004}, {1}, float64)) == "[0.3]");
  CHECK(to_string(array({9.999999999, 1}, {2}, float64)) == "[10.  1.]");
  CHECK(to_string(array({0.00030000000000000003, 0.2}, {2}, float64)) == "[0.0003 0.2   ]");
  CHECK(to_string(array({3.14159265358979}, {1}, float64)) == "[3.14159265]");
  CHECK(to_string(array({3.1415927}, {1}, float32)) == "[3.1415927]");
}

TEST_CASE("print: large float32 numbers keep all digits before the point") {
  CHECK(to_string(array({33554432, 99999990, 16777216}, {3}, float32)) == "[33554432. 99999992. 16777216.]");
}

TEST_CASE("print: scientific notation") {
  CHECK(to_string(array({100000000, 1}, {2}, float32)) == "[1.e+08 1.e+00]");
  CHECK(to_string(array({99999990}, {1}, float32)) == "[99999992.]");
  CHECK(to_string(array({1, 1001}, {2}, float64)) == "[1.000e+00 1.001e+03]");
  CHECK(to_string(array({1, 1000}, {2}, float64)) == "[   1. 1000.]");
  CHECK(to_string(array({0.0001, 0.05}, {2}, float64)) == "[0.0001 0.05  ]");
  CHECK(to_string(array({9e-05, 0.05}, {2}, float64)) == "[9.e-05 5.e-02]");
  CHECK(to_string(array({1e-04}, {1}, float32)) == "[1.e-04]");
  CHECK(to_string(array({1e-10, -25000000000}, {2}, float64)) == "[ 1.0e-10 -2.5e+10]");
  CHECK(to_string(array({1e+100, 1e-05}, {2}, float64)) == "[1.e+100 1.e-005]");
  CHECK(to_string(array({1e-300, 1.5e+300}, {2}, float64)) == "[1.0e-300 1.5e+300]");
  CHECK(to_string(array({1e-45, 3.4028235e+38}, {2}, float32)) == "[1.4012985e-45 3.4028235e+38]");
  CHECK(to_string(array({0.1, 12345.678}, {2}, float32)) == "[1.0000000e-01 1.2345678e+04]");
  CHECK(to_string(array({1e-05, 0, -1}, {3}, float32)) == "[ 1.e-05  0.e+00 -1.e+00]");
  CHECK(to_string(array({123456789, 0.1}, {2}, float64)) == "[1.23456789e+08 1.00000000e-01]");
}

TEST_CASE("print: what is not finite") {
  CHECK(to_string(array({nan, 1, -inf}, {3}, float32)) == "[ nan   1. -inf]");
  CHECK(to_string(array({inf}, {1}, float32)) == "[inf]");
  CHECK(to_string(array({-inf, nan}, {2}, float64)) == "[-inf  nan]");
  CHECK(to_string(array({nan, inf}, {2}, float64)) == "[nan inf]");
  CHECK(to_string(array({nan, 0.5}, {2}, float64)) == "[nan 0.5]");
  CHECK(to_string(array({10000000000, nan, -1}, {3}, float64)) == "[ 1.e+10     nan -1.e+00]");
  CHECK(to_string(array({-inf, 1000}, {2}, float32)) == "[ -inf 1000.]");
  CHECK(to_string(array({nan, 123456}, {2}, float32)) == "[    nan 123456.]");
}

TEST_CASE("print: without axes") {
  CHECK(to_string(array({3.5}, {}, float32)) == "3.5");
  CHECK(to_string(array({0.1}, {}, float32)) == "0.1");
  CHECK(to_string(array({0.1}, {}, float64)) == "0.1");
  CHECK(to_string(array({3}, {}, float32)) == "3.0");
  CHECK(to_string(array({-0.0}, {}, float64)) == "-0.0");
  CHECK(to_string(array({1e+16}, {}, float64)) == "1e+16");
  CHECK(to_string(array({123456790}, {}, float32)) == "123456790.0");
  CHECK(to_string(array({1e-05}, {}, float64)) == "1e-05");
  CHECK(to_string(array({0.00015}, {}, float64)) == "0.00015");
  CHECK(to_string(array({1.5e-07}, {}, float32)) == "1.5e-07");
  CHECK(to_string(array({7}, {}, int64)) == "7");
  CHECK(to_string(array({200}, {}, uint8)) == "200");
  CHECK(to_string(array({1}, {}, boolean)) == "True");
  CHECK(to_string(array({0}, {}, boolean)) == "False");
  CHECK(to_string(array({nan}, {}, float32)) == "nan");
  CHECK(to_string(array({-inf}, {}, float64)) == "-inf");
}

TEST_CASE("print: without elements") {
  CHECK(to_string(array({}, {0}, float32)) == "[]");
  CHECK(to_string(array({}, {0, 3}, float64)) == "[]");
  CHECK(to_string(array({}, {2, 0}, int32)) == "[]");
}

TEST_CASE("print: nested brackets") {
  CHECK(to_string(counted({2, 3}, float32)) ==
        "[[0. 1. 2.]\n"
        " [3. 4. 5.]]");
  CHECK(to_string(counted({2, 2, 3}, int64)) ==
        "[[[ 0  1  2]\n"
        "  [ 3  4  5]]\n"
        "\n"
        " [[ 6  7  8]\n"
        "  [ 9 10 11]]]");
  CHECK(to_string(counted({2, 1, 2, 2}, int32)) ==
        "[[[[0 1]\n"
        "   [2 3]]]\n"
        "\n"
        "\n"
        " [[[4 5]\n"
        "   [6 7]]]]");
  CHECK(to_string(counted({1, 1, 1}, float64)) == "[[[0.]]]");
}

TEST_CASE("print: long rows are wrapped") {
  CHECK(to_string(counted({30}, int64)) ==
        "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
        " 24 25 26 27 28 29]");
  CHECK(to_string(counted({25}, float32)) ==
        "[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17.\n"
        " 18. 19. 20. 21. 22. 23. 24.]");
  CHECK(to_string(counted({2, 40}, int32)) ==
        "[[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
        "  24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]\n"
        " [40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63\n"
        "  64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79]]");
  CHECK(to_string(
            array({0, 1e-07, 2e-07, 3e-07, 4e-07, 5e-07, 6e-07, 7e-07, 8e-07, 9e-07, 1e-06, 1.1e-06}, {12}, float32)) ==
        "[0.0e+00 1.0e-07 2.0e-07 3.0e-07 4.0e-07 5.0e-07 6.0e-07 7.0e-07 8.0e-07\n"
        " 9.0e-07 1.0e-06 1.1e-06]");
}

TEST_CASE("print: a row of 75 characters stays whole") {
  CHECK(to_string(array({12345678, 12345678, 12345678, 12345678, 12345678, 12345678, 12345678, 12345678}, {8},
                        int64)) == "[12345678 12345678 12345678 12345678 12345678 12345678 12345678 12345678]");
  CHECK(to_string(
            array({12345678, 12345678, 12345678, 12345678, 12345678, 12345678, 12345678, 1234567890}, {8}, int64)) ==
        "[  12345678   12345678   12345678   12345678   12345678   12345678\n"
        "   12345678 1234567890]");
  CHECK(
      to_string(array({123456789, 123456789, 123456789, 123456789, 123456789, 123456789, 123456789, 12}, {8}, int64)) ==
      "[123456789 123456789 123456789 123456789 123456789 123456789 123456789\n"
      "        12]");
}

TEST_CASE("print: large arrays are summarised") {
  CHECK(to_string(counted({1001}, int64)) == "[   0    1    2 ...  998  999 1000]");
  CHECK(to_string(counted({40, 40}, float32)) ==
        "[[0.000e+00 1.000e+00 2.000e+00 ... 3.700e+01 3.800e+01 3.900e+01]\n"
        " [4.000e+01 4.100e+01 4.200e+01 ... 7.700e+01 7.800e+01 7.900e+01]\n"
        " [8.000e+01 8.100e+01 8.200e+01 ... 1.170e+02 1.180e+02 1.190e+02]\n"
        " ...\n"
        " [1.480e+03 1.481e+03 1.482e+03 ... 1.517e+03 1.518e+03 1.519e+03]\n"
        " [1.520e+03 1.521e+03 1.522e+03 ... 1.557e+03 1.558e+03 1.559e+03]\n"
        " [1.560e+03 1.561e+03 1.562e+03 ... 1.597e+03 1.598e+03 1.599e+03]]");
  CHECK(to_string(counted({2, 600}, float32)) ==
        "[[0.000e+00 1.000e+00 2.000e+00 ... 5.970e+02 5.980e+02 5.990e+02]\n"
        " [6.000e+02 6.010e+02 6.020e+02 ... 1.197e+03 1.198e+03 1.199e+03]]");
  CHECK(to_string(counted({600, 2}, int32)) ==
        "[[   0    1]\n"
        " [   2    3]\n"
        " [   4    5]\n"
        " ...\n"
        " [1194 1195]\n"
        " [1196 1197]\n"
        " [1198 1199]]");
  CHECK(to_string(counted({3, 7, 100}, float32)) ==
        "[[[0.000e+00 1.000e+00 2.000e+00 ... 9.700e+01 9.800e+01 9.900e+01]\n"
        "  [1.000e+02 1.010e+02 1.020e+02 ... 1.970e+02 1.980e+02 1.990e+02]\n"
        "  [2.000e+02 2.010e+02 2.020e+02 ... 2.970e+02 2.980e+02 2.990e+02]\n"
        "  ...\n"
        "  [4.000e+02 4.010e+02 4.020e+02 ... 4.970e+02 4.980e+02 4.990e+02]\n"
        "  [5.000e+02 5.010e+02 5.020e+02 ... 5.970e+02 5.980e+02 5.990e+02]\n"
        "  [6.000e+02 6.010e+02 6.020e+02 ... 6.970e+02 6.980e+02 6.990e+02]]\n"
        "\n"
        " [[7.000e+02 7.010e+02 7.020e+02 ... 7.970e+02 7.980e+02 7.990e+02]\n"
        "  [8.000e+02 8.010e+02 8.020e+02 ... 8.970e+02 8.980e+02 8.990e+02]\n"
        "  [9.000e+02 9.010e+02 9.020e+02 ... 9.970e+02 9.980e+02 9.990e+02]\n"
        "  ...\n"
        "  [1.100e+03 1.101e+03 1.102e+03 ... 1.197e+03 1.198e+03 1.199e+03]\n"
        "  [1.200e+03 1.201e+03 1.202e+03 ... 1.297e+03 1.298e+03 1.299e+03]\n"
        "  [1.300e+03 1.301e+03 1.302e+03 ... 1.397e+03 1.398e+03 1.399e+03]]\n"
        "\n"
        " [[1.400e+03 1.401e+03 1.402e+03 ... 1.497e+03 1.498e+03 1.499e+03]\n"
        "  [1.500e+03 1.501e+03 1.502e+03 ... 1.597e+03 1.598e+03 1.599e+03]\n"
        "  [1.600e+03 1.601e+03 1.602e+03 ... 1.697e+03 1.698e+03 1.699e+03]\n"
        "  ...\n"
        "  [1.800e+03 1.801e+03 1.802e+03 ... 1.897e+03 1.898e+03 1.899e+03]\n"
        "  [1.900e+03 1.901e+03 1.902e+03 ... 1.997e+03 1.998e+03 1.999e+03]\n"
        "  [2.000e+03 2.001e+03 2.002e+03 ... 2.097e+03 2.098e+03 2.099e+03]]]");
  CHECK(to_string(counted({7, 8, 20}, uint8)) ==
        "[[[  0   1   2 ...  17  18  19]\n"
        "  [ 20  21  22 ...  37  38  39]\n"
        "  [ 40  41  42 ...  57  58  59]\n"
        "  ...\n"
        "  [100 101 102 ... 117 118 119]\n"
        "  [120 121 122 ... 137 138 139]\n"
        "  [140 141 142 ... 157 158 159]]\n"
        "\n"
        " [[160 161 162 ... 177 178 179]\n"
        "  [180 181 182 ... 197 198 199]\n"
        "  [200 201 202 ... 217 218 219]\n"
        "  ...\n"
        "  [  4   5   6 ...  21  22  23]\n"
        "  [ 24  25  26 ...  41  42  43]\n"
        "  [ 44  45  46 ...  61  62  63]]\n"
        "\n"
        " [[ 64  65  66 ...  81  82  83]\n"
        "  [ 84  85  86 ... 101 102 103]\n"
        "  [104 105 106 ... 121 122 123]\n"
        "  ...\n"
        "  [164 165 166 ... 181 182 183]\n"
        "  [184 185 186 ... 201 202 203]\n"
        "  [204 205 206 ... 221 222 223]]\n"
        "\n"
        " ...\n"
        "\n"
        " [[128 129 130 ... 145 146 147]\n"
        "  [148 149 150 ... 165 166 167]\n"
        "  [168 169 170 ... 185 186 187]\n"
        "  ...\n"
        "  [228 229 230 ... 245 246 247]\n"
        "  [248 249 250 ...   9  10  11]\n"
        "  [ 12  13  14 ...  29  30  31]]\n"
        "\n"
        " [[ 32  33  34 ...  49  50  51]\n"
        "  [ 52  53  54 ...  69  70  71]\n"
        "  [ 72  73  74 ...  89  90  91]\n"
        "  ...\n"
        "  [132 133 134 ... 149 150 151]\n"
        "  [152 153 154 ... 169 170 171]\n"
        "  [172 173 174 ... 189 190 191]]\n"
        "\n"
        " [[192 193 194 ... 209 210 211]\n"
        "  [212 213 214 ... 229 230 231]\n"
        "  [232 233 234 ... 249 250 251]\n"
        "  ...\n"
        "  [ 36  37  38 ...  53  54  55]\n"
        "  [ 56  57  58 ...  73  74  75]\n"
        "  [ 76  77  78 ...  93  94  95]]]");
}

TEST_CASE("print: an axis that fits is shown whole in a summary") {
  CHECK(to_string(counted({6, 200}, int64)) ==
        "[[   0    1    2 ...  197  198  199]\n"
        " [ 200  201  202 ...  397  398  399]\n"
        " [ 400  401  402 ...  597  598  599]\n"
        " [ 600  601  602 ...  797  798  799]\n"
        " [ 800  801  802 ...  997  998  999]\n"
        " [1000 1001 1002 ... 1197 1198 1199]]");
}

TEST_CASE("print: views are shown in their own order") {
  const Array matrix = counted({2, 3}, int64);
  CHECK(to_string(matrix.transposed()) ==
        "[[0 3]\n"
        " [1 4]\n"
        " [2 5]]");
  CHECK(to_string(matrix.slice(1, 2, 2, -2)) ==
        "[[2 0]\n"
        " [5 3]]");
  CHECK(to_string(counted({2000}, int64).slice(0, 1999, 2000, -1)) == "[1999 1998 1997 ...    2    1    0]");
  CHECK(to_string(counted({1}, uint8).broadcast_to({1000000})) == "[0 0 0 ... 0 0 0]");
}

TEST_CASE("print: to a stream, or nothing yet") {
  std::ostringstream out;
  out << counted({3}, float32);
  CHECK(out.str() == "[0. 1. 2.]");
  CHECK(to_string(Array()) == "undefined");
}
