// Fast normalisation kernels against their textbook twins.
#include <akin/ops/kernels.hpp>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

using namespace akin;
using kernels::Cpu;

namespace {

struct Size {
  std::int64_t rows, cols;
};
/// 300 channels: more than one strip. 2000 rows: several blocks, in f32 too.
constexpr Size sizes[] = {{2, 1}, {7, 3}, {33, 7}, {65, 33}, {5, 300}, {2000, 40}};

tol::Tolerance tolerance(DType dtype) {
  return dtype == DType::f64 ? tol::f64 : dtype == DType::f32 ? tol::reduce_f32 : tol::bf16;
}
DType wide(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

/// Calls test.operator()<T>(size) for all sizes in all floating types, on several threads.
template <class F>
void for_all(F&& test) {
  const test::WithThreads scope(3);
  for (const Size size : sizes) {
    test.template operator()<double>(size);
    test.template operator()<float>(size);
    test.template operator()<bf16>(size);
  }
}

/// sum(dy xhat) over many rows is as uncertain as its terms are many and cancel: compared at the scale of sqrt(rows).
void expect_close_sums(const Array& got, const Array& want, tol::Tolerance t, std::int64_t rows,
                       std::string_view what) {
  t.atol *= std::sqrt(static_cast<double>(rows));
  expect_close(got, want, t, what);
}

}  // namespace

TEST(BatchNormKernel, StatisticsAgreeWithTheTextbook) {
  for_all([]<class T>(Size s) {
    using C = compute_t<T>;
    const DType dtype = dtype_of<T>;
    const Array x = random_array({s.rows, s.cols}, 1, dtype, 2, 3);
    Array got[3], want[3];
    for (int i = 0; i < 3; ++i)
      got[i] = Array::empty({s.cols}, wide(dtype)), want[i] = Array::empty({s.cols}, wide(dtype));
    kernels::batch_norm_stats(Cpu{}, s.rows, s.cols, 1e-5, x.data<T>(), got[0].mut<C>(), got[1].mut<C>(),
                              got[2].mut<C>());
    kernels::batch_norm_stats_naive(Cpu{}, s.rows, s.cols, 1e-5, x.data<T>(), want[0].mut<C>(), want[1].mut<C>(),
                                    want[2].mut<C>());
    for (int i = 0; i < 3; ++i)
      expect_close(got[i], want[i], tolerance(wide(dtype)), cat(dtype, " ", s.rows, "x", s.cols, " statistic ", i));
  });
}

TEST(BatchNormKernel, VarianceSurvivesALargeMean) {
  for (const double mean : {1e2, 1e4, 1e5}) {
    const std::int64_t rows = 7001;
    const Array x = random_array({rows, 5}, 2, DType::f32, 1, mean);
    float m[5], rstd[5], var[5], m_want[5], rstd_want[5], var_want[5];
    kernels::batch_norm_stats(Cpu{}, rows, 5, 0, x.data<float>(), m, rstd, var);
    kernels::batch_norm_stats_naive(Cpu{}, rows, 5, 0, x.data<float>(), m_want, rstd_want, var_want);
    for (int c = 0; c < 5; ++c) {
      expect_close(m[c], m_want[c], tol::f32, "mean");
      expect_close(var[c], var_want[c], tol::reduce_f32, "var");
    }
  }
}

TEST(BatchNormKernel, FusedForwardAndBackwardAgreeWithTheTextbook) {
  for_all([]<class T>(Size s) {
    using C = compute_t<T>;
    const DType dtype = dtype_of<T>, w = wide(dtype);
    const Shape shape{s.rows, s.cols};
    const Array x = random_array(shape, 1, dtype, 2, 3), add = random_array(shape, 2, dtype),
                dy = random_array(shape, 3, dtype);
    const Array weight = random_array({s.cols}, 4, w, 0.5, 1.5), bias = random_array({s.cols}, 5, w),
                mean = random_array({s.cols}, 6, w, 1, 3), rstd = random_array({s.cols}, 7, w, 0.01, 0.5);
    for (const int mode : {0, 2, 3, 5, 6, 7}) {
      const bool has_add = mode & 1, relu = mode & 2, affine = mode & 4;
      Array y[2], dx[2], dadd[2], dw[2], db[2];
      for (int twin = 0; twin < 2; ++twin) {
        for (Array* a : {&y[twin], &dx[twin], &dadd[twin]}) *a = Array::zeros(shape, dtype);
        for (Array* a : {&dw[twin], &db[twin]}) *a = Array::zeros({s.cols}, w);
        const kernels::BatchNormForward<T> f{x.data<T>(),
                                             affine ? weight.data<C>() : nullptr,
                                             affine ? bias.data<C>() : nullptr,
                                             mean.data<C>(),
                                             rstd.data<C>(),
                                             has_add ? add.data<T>() : nullptr,
                                             relu,
                                             y[twin].mut<T>()};
        twin ? kernels::batch_norm_apply_naive(Cpu{}, s.rows, s.cols, f)
             : kernels::batch_norm_apply(Cpu{}, s.rows, s.cols, f);
        const kernels::BatchNormBackward<T> b{dy.data<T>(),
                                              x.data<T>(),
                                              relu,
                                              relu && has_add ? y[0].data<T>() : nullptr,
                                              affine ? weight.data<C>() : nullptr,
                                              affine ? bias.data<C>() : nullptr,
                                              mean.data<C>(),
                                              rstd.data<C>(),
                                              affine /* training and not */,
                                              dx[twin].mut<T>(),
                                              has_add ? dadd[twin].mut<T>() : nullptr,
                                              dw[twin].mut<C>(),
                                              db[twin].mut<C>()};
        twin ? kernels::batch_norm_backward_naive(Cpu{}, s.rows, s.cols, b)
             : kernels::batch_norm_backward(Cpu{}, s.rows, s.cols, b);
      }
      const auto t = tolerance(dtype);
      const std::string what = cat(dtype, " ", s.rows, "x", s.cols, " mode ", mode, ": ");
      expect_close(y[0], y[1], t, what + "y");
      expect_close(dx[0], dx[1], t, what + "dx");
      expect_close(dadd[0], dadd[1], t, what + "dadd");
      expect_close_sums(dw[0], dw[1], tolerance(w), s.rows, what + "dweight");
      expect_close_sums(db[0], db[1], tolerance(w), s.rows, what + "dbias");
    }
  });
}

/// Biases that cancel weight (x - mean) rstd but for its rounding: the worst case for a mask that is computed twice.
TEST(BatchNormKernel, TheMaskFromXIsTheMaskFromYToTheBit) {
  for_all([]<class T>(Size s) {
    using C = compute_t<T>;
    const DType dtype = dtype_of<T>, w = wide(dtype);
    const Shape shape{s.rows, s.cols};
    Array x = random_array(shape, 1, dtype), dy = random_array(shape, 2, dtype);
    const Array weight = random_array({s.cols}, 4, w, 0.5, 1.5), mean = random_array({s.cols}, 6, w),
                rstd = random_array({s.cols}, 7, w, 0.5, 1.5);
    Array bias = Array::empty({s.cols}, w), y = empty_like(x);
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const C scale = rstd.data<C>()[c] * weight.data<C>()[c];
      const C product = (static_cast<C>(x.data<T>()[c]) - mean.data<C>()[c]) * scale;
      bias.mut<C>()[c] = -product;
    }
    for (std::int64_t i = s.cols; i < s.rows * s.cols; i += 2) x.mut<T>()[i] = x.data<T>()[i % s.cols];
    kernels::batch_norm_apply(Cpu{}, s.rows, s.cols,
                              kernels::BatchNormForward<T>{x.data<T>(), weight.data<C>(), bias.data<C>(),
                                                           mean.data<C>(), rstd.data<C>(), nullptr, true, y.mut<T>()});
    Array dx[2], dw[2], db[2];
    for (int from_x = 0; from_x < 2; ++from_x) {
      dx[from_x] = empty_like(x), dw[from_x] = Array::empty({s.cols}, w), db[from_x] = Array::empty({s.cols}, w);
      kernels::batch_norm_backward(
          Cpu{}, s.rows, s.cols,
          kernels::BatchNormBackward<T>{dy.data<T>(), x.data<T>(), true, from_x ? nullptr : y.data<T>(),
                                        weight.data<C>(), bias.data<C>(), mean.data<C>(), rstd.data<C>(), true,
                                        dx[from_x].mut<T>(), nullptr, dw[from_x].mut<C>(), db[from_x].mut<C>()});
    }
    const std::string what = cat(dtype, " ", s.rows, "x", s.cols);
    expect_close(dx[1], dx[0], tol::exact, what + " dx");
    expect_close(dw[1], dw[0], tol::exact, what + " dweight");
    expect_close(db[1], db[0], tol::exact, what + " dbias");
  });
}

TEST(LayerNormKernel, ForwardAndBackwardAgreeWithTheTextbook) {
  for_all([]<class T>(Size s) {
    using C = compute_t<T>;
    const DType dtype = dtype_of<T>, w = wide(dtype);
    const Shape shape{s.rows, s.cols};
    const Array x = random_array(shape, 1, dtype, 2, 3), dy = random_array(shape, 3, dtype);
    const Array weight = random_array({s.cols}, 4, w, 0.5, 1.5), bias = random_array({s.cols}, 5, w);
    for (const bool affine : {false, true}) {
      Array y[2], dx[2], mean[2], rstd[2], dw[2], db[2];
      for (int twin = 0; twin < 2; ++twin) {
        for (Array* a : {&y[twin], &dx[twin]}) *a = Array::zeros(shape, dtype);
        for (Array* a : {&mean[twin], &rstd[twin]}) *a = Array::zeros({s.rows}, w);
        for (Array* a : {&dw[twin], &db[twin]}) *a = Array::zeros({s.cols}, w);
        const kernels::LayerNormForward<T> f{x.data<T>(),
                                             affine ? weight.data<C>() : nullptr,
                                             affine ? bias.data<C>() : nullptr,
                                             1e-5,
                                             y[twin].mut<T>(),
                                             mean[twin].mut<C>(),
                                             rstd[twin].mut<C>()};
        twin ? kernels::layer_norm_naive(Cpu{}, s.rows, s.cols, f) : kernels::layer_norm(Cpu{}, s.rows, s.cols, f);
        if (s.cols == 1) continue;  // a row of one value: rstd = 1 / sqrt(eps) magnifies the last digit
        const kernels::LayerNormBackward<T> b{dy.data<T>(),      x.data<T>(),       affine ? weight.data<C>() : nullptr,
                                              mean[0].data<C>(), rstd[0].data<C>(), dx[twin].mut<T>(),
                                              dw[twin].mut<C>(), db[twin].mut<C>()};
        twin ? kernels::layer_norm_backward_naive(Cpu{}, s.rows, s.cols, b)
             : kernels::layer_norm_backward(Cpu{}, s.rows, s.cols, b);
      }
      const std::string what = cat(dtype, " ", s.rows, "x", s.cols, ": ");
      expect_close(y[0], y[1], tolerance(dtype), what + "y");
      expect_close(mean[0], mean[1], tolerance(w), what + "mean");
      expect_close(rstd[0], rstd[1], tolerance(w), what + "rstd");
      expect_close(dx[0], dx[1], tolerance(dtype), what + "dx");
      expect_close_sums(dw[0], dw[1], tolerance(w), s.rows, what + "dweight");
      expect_close_sums(db[0], db[1], tolerance(w), s.rows, what + "dbias");
    }
  });
}

TEST(L2NormalizeKernel, ForwardAndBackwardAgreeWithTheTextbook) {
  for_all([]<class T>(Size s) {
    using C = compute_t<T>;
    const DType dtype = dtype_of<T>, w = wide(dtype);
    Array x = random_array({s.rows, s.cols}, 1, dtype);
    std::fill_n(x.mut<T>(), s.cols, T{});  // one row of zeros
    const Array dy = random_array(x.shape(), 2, dtype, 1e-3);
    Array y[2], dx[2], norm[2];
    for (int twin = 0; twin < 2; ++twin) {
      y[twin] = empty_like(x), dx[twin] = empty_like(x), norm[twin] = Array::empty({s.rows}, w);
      (twin ? kernels::l2_normalize_naive<T> : kernels::l2_normalize<T>)(Cpu{}, s.rows, s.cols, 1e-3, x.data<T>(),
                                                                         y[twin].mut<T>(), norm[twin].mut<C>());
      (twin ? kernels::l2_normalize_backward_naive<T>
            : kernels::l2_normalize_backward<T>)(Cpu{}, s.rows, s.cols, 1e-3, y[0].data<T>(), dy.data<T>(),
                                                 norm[0].data<C>(), dx[twin].mut<T>());
    }
    expect_close(y[0], y[1], tolerance(dtype), "y");
    expect_close(norm[0], norm[1], tolerance(w), "norm");
    expect_close(dx[0], dx[1], tolerance(dtype), "dx");
  });
}

TEST(NormKernels, GiveTheSameBitsAtAnyThreadCount) {
  const Array x = random_array({2500, 33}, 1, DType::f32), dy = random_array({2500, 33}, 2, DType::f32);
  std::vector<Array> results[2];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    Array mean = Array::empty({33}), rstd = mean, var = mean, dw = mean, db = mean, dx = empty_like(x);
    for (Array* a : {&mean, &rstd, &var, &dw, &db}) *a = Array::empty({33});
    kernels::batch_norm_stats(Cpu{}, 2500, 33, 1e-5, x.data<float>(), mean.mut<float>(), rstd.mut<float>(),
                              var.mut<float>());
    kernels::batch_norm_backward<float>(
        Cpu{}, 2500, 33,
        {dy.data<float>(), x.data<float>(), true, nullptr, nullptr, nullptr, mean.data<float>(), rstd.data<float>(),
         true, dx.mut<float>(), nullptr, dw.mut<float>(), db.mut<float>()});
    results[count == 1] = {mean, rstd, var, dw, db, dx};
  }
  for (std::size_t i = 0; i < results[0].size(); ++i) expect_close(results[0][i], results[1][i], tol::exact);
}
