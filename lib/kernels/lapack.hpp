#pragma once

/// The routines of LAPACK that factorizations are made of, in float64 and with matrices column by column: Anderson et
/// al., "LAPACK Users' Guide". Each returns LAPACK's `info`; the arguments are LAPACK's, in its order.
///
/// They are OpenBLAS's. It takes buffers of 128 MB when it is loaded, one for each of its threads, and one in every
/// call; where it cannot have them, under a limit of the address space, it tries for ever. So it is loaded by the first
/// call and not with the program, and a call for which a buffer cannot be had is a MemoryError.
namespace xg::kernels::lapack {

using Count = int;

/// A = P L U.
Count getrf(Count rows, Count columns, double* a, Count a_step, Count* pivots);
/// A X = B from getrf's factors.
Count getrs(Count n, Count columns, const double* factors, Count factors_step, const Count* pivots, double* b,
            Count b_step);
/// A = L L^T, of the lower triangle.
Count potrf(Count n, double* a, Count a_step);
/// A = Q R, Q as reflectors.
Count geqrf(Count rows, Count columns, double* a, Count a_step, double* scales, double* work, Count work_size);
/// Q from geqrf's reflectors.
Count orgqr(Count rows, Count columns, Count reflectors, double* a, Count a_step, const double* scales, double* work,
            Count work_size);
/// A = U S V^T, with as many columns as there are singular values.
Count gesdd(Count rows, Count columns, double* a, Count a_step, double* s, double* u, Count u_step, double* v,
            Count v_step, double* work, Count work_size, Count* whole_work);
/// A = V diag(w) V^T for a symmetric A, of the lower triangle; V takes A's place.
Count syevd(Count n, double* a, Count a_step, double* w, double* work, Count work_size, Count* whole_work,
            Count whole_size);

}  // namespace xg::kernels::lapack
