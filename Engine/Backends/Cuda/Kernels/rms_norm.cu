// y[t] = bf16(x[t] / sqrt(mean(x[t]^2) + epsilon) * weight).
// rms_norm(const float* x [T, C], const float* weight [C], bf16* y [T, C], int columns, float epsilon)
// rms_norm_f32: the same with float* y; x and y may be the same.
// grid (T), block 256, no dynamic shared memory. Any C.
#include "rms.cuh"

// A row of at most 256 * EACH columns: fetched once, the weights before the kernel in front has ended.
template <int EACH, typename STORE>
__device__ __forceinline__ void norm_held(const float* x, const float* __restrict__ weight, int columns, float epsilon, STORE store)
{
    __shared__ float sums[RMS_LANES / 32];
    HeldRow<RMS_LANES, EACH> gains, row;
    gains.load(weight, columns);
    wait_for_previous_kernel();
    row.load(x, columns);
    const float sum = rms_tree(row.lane_sum(0));
    if (threadIdx.x % 32 == 0)
    {
        sums[threadIdx.x / 32] = sum;
    }

    __syncthreads();
    const float inverse = rms_inverse(sums, columns, epsilon);
#pragma unroll
    for (int j = 0; j < EACH; j++)
    {
        const int c = threadIdx.x + j * RMS_LANES;
        if (c < columns)
        {
            store(c, rms_scale(row.value[j], inverse, gains.value[j]));
        }
    }
}

template <typename STORE>
__device__ __forceinline__ void norm_row(const float* x, const float* __restrict__ weight, int columns, float epsilon, STORE store)
{
    if (columns <= 16 * RMS_LANES)
    {
        norm_held<16>(x, weight, columns, epsilon, store);
        return;
    }

    __shared__ float sums[RMS_LANES / 32];
    wait_for_previous_kernel();
    const float sum = rms_tree(rms_lane_sum(x, columns, threadIdx.x));
    if (threadIdx.x % 32 == 0)
    {
        sums[threadIdx.x / 32] = sum;
    }

    __syncthreads();
    const float inverse = rms_inverse(sums, columns, epsilon);
    for (int c = threadIdx.x; c < columns; c += RMS_LANES)
    {
        store(c, rms_scale(x[c], inverse, weight[c]));
    }
}

extern "C" __global__ void __launch_bounds__(256) rms_norm(const float* x, const float* __restrict__ weight, bf16* y, int columns, float epsilon)
{
    let_next_kernel_start();
    const long long row = (long long)blockIdx.x * columns;
    norm_row(x + row, weight, columns, epsilon, [&](int c, float value) { y[row + c] = to_bf16(value); });
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_f32(const float* x, const float* __restrict__ weight, float* y, int columns, float epsilon)
{
    let_next_kernel_start();
    const long long row = (long long)blockIdx.x * columns;
    norm_row(x + row, weight, columns, epsilon, [&](int c, float value) { y[row + c] = value; });
}
