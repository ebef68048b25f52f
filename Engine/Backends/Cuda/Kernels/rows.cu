// Row-wise helpers of a step; every kernel strides over its grid, so any grid is right. Suggested: block 256, grid min(ceil(items / 256), 8 * SMs).
// embed(const int* tokens [T], const bf16* table [V, C], float* x [T, C], int rows, int columns)                       C % 8 == 0; one item = 8 columns
// swiglu(const bf16* gate [T, F], const bf16* up [T, F], bf16* y [T, F], long long count)                              count = T * F, % 8 == 0; y may be gate; item = 8
// bias_relu(bf16* x [T, N], const float* bias [N], int rows, int columns)                                              N % 2 == 0; item = 2 columns
// gather_rows(const float* x [*, C], const int* rows [n], float* y [n, C], int count, int columns)                     C % 4 == 0; item = 4 columns
#include "common.cuh"

#define FOR_ITEMS(i, n) \
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (long long)gridDim.x * blockDim.x)

extern "C" __global__ void embed(const int* tokens, const bf16* __restrict__ table, float* x, int rows, int columns)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int items = columns / 8;
    FOR_ITEMS(i, (long long)rows * items)
    {
        const int row = (int)(i / items);
        const int column = (int)(i % items) * 8;
        const uint4 v = *(const uint4*)(table + (long long)tokens[row] * columns + column);
        float4* y = (float4*)(x + (long long)row * columns + column);
        y[0] = make_float4(low_bf16(v.x), high_bf16(v.x), low_bf16(v.y), high_bf16(v.y));
        y[1] = make_float4(low_bf16(v.z), high_bf16(v.z), low_bf16(v.w), high_bf16(v.w));
    }
}

#include "swiglu.cuh"

extern "C" __global__ void swiglu(const bf16* gate, const bf16* up, bf16* y, long long count)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    FOR_ITEMS(i, count / 8)
    {
        const uint4 g = ((const uint4*)gate)[i];
        const uint4 u = ((const uint4*)up)[i];
        ((uint4*)y)[i] = make_uint4(swiglu_pair(g.x, u.x), swiglu_pair(g.y, u.y), swiglu_pair(g.z, u.z), swiglu_pair(g.w, u.w));
    }
}

extern "C" __global__ void bias_relu(bf16* x, const float* __restrict__ bias, int rows, int columns)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int items = columns / 2;
    FOR_ITEMS(i, (long long)rows * items)
    {
        const int column = (int)(i % items) * 2;
        const u32 v = ((u32*)x)[i];
        ((u32*)x)[i] = pack_bf16(fmaxf(0.0f, __fadd_rn(low_bf16(v), bias[column])), fmaxf(0.0f, __fadd_rn(high_bf16(v), bias[column + 1])));
    }
}

extern "C" __global__ void gather_rows(const float* x, const int* rows, float* y, int count, int columns)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int items = columns / 4;
    FOR_ITEMS(i, (long long)count * items)
    {
        ((float4*)y)[i] = ((const float4*)(x + (long long)rows[i / items] * columns))[i % items];
    }
}
