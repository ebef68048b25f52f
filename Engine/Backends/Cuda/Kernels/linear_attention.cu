// SUPRA's linear attention in its recurrent form (chunks of one token), in f32, so that decode, prefill and replay give the same bits: S += k (v / sqrt(D))^T, o = q^T S, S = gamma S.
// A block keeps 32 value columns of one head's state in registers while the rows of a segment pass; a thread has D / 16 key dimensions of four columns.
//
// linear_attention(const bf16* q [T, H*D], const bf16* k, const bf16* v [T, G*D], float* states [slots, H, D, D], const float* decay [H], const int* segments [n, 5], float* out [T, H*D],
//                  int heads, int kvHeads, float scale)      scale = 1 / sqrt(D); q and k behind feature map and rotation
//   Segments and states are read before the kernel in front has ended: they must be complete before the first kernel of the step that is launched with programmatic serialization.
//   segments: {firstRow, rows, start, page offset (not read), slot}; rows 0: nothing is done. States: rows are key dimensions, columns value dimensions.
// Macros: HEAD_DIM = 64 or 128. Launch: grid (D / 32, H, n), block 128, no dynamic shared memory.
//
// group_norm(const float* x [T, H*D], bf16* y [T, H*D], int groups, float epsilon)
//   groups = T * H; y = (x - mean) / sqrt(biased variance + epsilon) over each D. Launch: grid ceil(groups / 8), block 256.
#include "common.cuh"
#include "group_norm.cuh"

#ifndef HEAD_DIM
#define HEAD_DIM 128
#endif

#define THREADS 128
#define CHUNK 16
#define PARTS 16
#define PART (HEAD_DIM / PARTS)
#define COLUMNS 32

struct Raw
{
    bf16 q[CHUNK][HEAD_DIM], k[CHUNK][HEAD_DIM], v[CHUNK][COLUMNS];
};

__device__ __forceinline__ void load_rows(u32 target, const bf16* source, int stride, int width, int rows)
{
    const int chunks = width / 8;
    for (int i = threadIdx.x; i < rows * chunks; i += THREADS)
    {
        copy_async(target + i * 16, source + (long long)(i / chunks) * stride + i % chunks * 8);
    }
}

__device__ __forceinline__ void widen_rows(float* target, const bf16* source, int rows)
{
    for (int i = threadIdx.x; i < rows * HEAD_DIM / 4; i += THREADS)
    {
        const uint2 raw = *(const uint2*)(source + i * 4);
        *(float4*)(target + i * 4) = make_float4(low_bf16(raw.x), high_bf16(raw.x), low_bf16(raw.y), high_bf16(raw.y));
    }
}

// One token: the state grows, is read and decays. The sixteen parts of a column are added as a tree over the lanes 16, 8, 4, 2 apart, four columns at a time at first.
__device__ __forceinline__ void advance(float (&s)[PART][4], const float* query, const float* key, const bf16* value, float scale, float gamma, float* out, int lane)
{
    const uint2 raw = *(const uint2*)value;
    const float v[4] = {__fmul_rn(low_bf16(raw.x), scale), __fmul_rn(high_bf16(raw.x), scale), __fmul_rn(low_bf16(raw.y), scale), __fmul_rn(high_bf16(raw.y), scale)};
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < PART; i += 4)
    {
        const float4 q4 = *(const float4*)(query + i), k4 = *(const float4*)(key + i);
        const float q[4] = {q4.x, q4.y, q4.z, q4.w}, k[4] = {k4.x, k4.y, k4.z, k4.w};
#pragma unroll
        for (int e = 0; e < 4; e++)
        {
#pragma unroll
            for (int c = 0; c < 4; c++)
            {
                const float grown = __fmaf_rn(k[e], v[c], s[i + e][c]);
                sums[c] = __fmaf_rn(q[e], grown, sums[c]);
                s[i + e][c] = __fmul_rn(grown, gamma);
            }
        }
    }

    // Each exchange halves the columns that a lane still adds: two, then one; the last two only add.
    const bool upper = lane & 16;
    const float a = __fadd_rn(upper ? sums[2] : sums[0], __shfl_xor_sync(0xffffffffu, upper ? sums[0] : sums[2], 16));
    const float b = __fadd_rn(upper ? sums[3] : sums[1], __shfl_xor_sync(0xffffffffu, upper ? sums[1] : sums[3], 16));
    const bool odd = lane & 8;
    float sum = __fadd_rn(odd ? b : a, __shfl_xor_sync(0xffffffffu, odd ? a : b, 8));
    sum = __fadd_rn(sum, __shfl_xor_sync(0xffffffffu, sum, 4));
    sum = __fadd_rn(sum, __shfl_xor_sync(0xffffffffu, sum, 2));
    if ((lane & 6) == 0)
    {
        out[(upper ? 2 : 0) + (odd ? 1 : 0)] = sum;
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
    linear_attention(const bf16* q, const bf16* k, const bf16* v, float* states, const float* decay, const int* segments, float* out, int heads, int kvHeads, float scale)
{
    __shared__ __align__(16) Raw raw[2];
    __shared__ __align__(16) float queries[CHUNK * HEAD_DIM], keys[CHUNK * HEAD_DIM];
    let_next_kernel_start();
    const int* segment = segments + 5 * blockIdx.z;
    const int firstRow = segment[0], rows = segment[1], slot = segment[4];
    if (rows <= 0)
    {
        wait_for_previous_kernel();
        return;
    }

    const int head = blockIdx.y, kvHead = head / (heads / kvHeads), strip = blockIdx.x * COLUMNS;
    const int lane = threadIdx.x % 32, part = lane / 2, column = threadIdx.x / 32 * 8 + lane % 2 * 4;
    q += ((long long)firstRow * heads + head) * HEAD_DIM;
    k += ((long long)firstRow * kvHeads + kvHead) * HEAD_DIM;
    v += ((long long)firstRow * kvHeads + kvHead) * HEAD_DIM + strip;
    out += ((long long)firstRow * heads + head) * HEAD_DIM + strip + column;
    float* state = states + (((long long)slot * heads + head) * HEAD_DIM + part * PART) * HEAD_DIM + strip + column;
    const float gamma = decay[head];

    float s[PART][4];
#pragma unroll
    for (int i = 0; i < PART; i++)
    {
        *(float4*)s[i] = *(const float4*)(state + i * HEAD_DIM);
    }

    wait_for_previous_kernel();

    for (int from = -CHUNK; from < rows; from += CHUNK)
    {
        const int next = from + CHUNK;
        Raw& ahead = raw[next / CHUNK & 1];
        if (next < rows)
        {
            const int count = rows - next < CHUNK ? rows - next : CHUNK;
            load_rows(shared_address(ahead.q), q + (long long)next * heads * HEAD_DIM, heads * HEAD_DIM, HEAD_DIM, count);
            load_rows(shared_address(ahead.k), k + (long long)next * kvHeads * HEAD_DIM, kvHeads * HEAD_DIM, HEAD_DIM, count);
            load_rows(shared_address(ahead.v), v + (long long)next * kvHeads * HEAD_DIM, kvHeads * HEAD_DIM, COLUMNS, count);
        }

        commit_copies();
        if (from < 0)
        {
            continue;
        }

        wait_copies<1>();
        __syncthreads();
        const Raw& now = raw[from / CHUNK & 1];
        const int count = rows - from < CHUNK ? rows - from : CHUNK;
        widen_rows(queries, now.q[0], count);
        widen_rows(keys, now.k[0], count);
        __syncthreads();
        if (count == CHUNK)
        {
#pragma unroll 4
            for (int t = 0; t < CHUNK; t++)
            {
                advance(s, queries + t * HEAD_DIM + part * PART, keys + t * HEAD_DIM + part * PART, now.v[t] + column, scale, gamma, out + (long long)(from + t) * heads * HEAD_DIM, lane);
            }
        }
        else
        {
            for (int t = 0; t < count; t++)
            {
                advance(s, queries + t * HEAD_DIM + part * PART, keys + t * HEAD_DIM + part * PART, now.v[t] + column, scale, gamma, out + (long long)(from + t) * heads * HEAD_DIM, lane);
            }
        }

        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < PART; i++)
    {
        *(float4*)(state + i * HEAD_DIM) = *(const float4*)s[i];
    }
}

extern "C" __global__ void __launch_bounds__(256) group_norm(const float* x, bf16* y, int groups, float epsilon)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int group = blockIdx.x * 8 + threadIdx.x / 32;
    if (group < groups)
    {
        norm_group<HEAD_DIM>(x, y, group, epsilon);
    }
}
