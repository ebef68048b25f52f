// Positions become rotated queries and stored keys and values.
// rope_angles(const int* positions [T], const float* frequencies [D/2], const float* stretched [n, D/2], int stretchStart, int stretchRows, float factor,
//             float* angles [T, D/2, 2], int half)      once a step; grid (T), block D/2 (any). stretched may be null when stretchStart is INT_MAX.
// rope_store(bf16* q [T, qStride], bf16* k [T, kStride], const bf16* v [T, kStride], const float* angles [T, D/2, 2], const int* positions [T], const int* rowPageTable [T],
//            const int* pageIds, void* keys, void* values [pages, G, 64, D], int heads, int kvHeads, int dim, int qStride, int kStride)
//            rotates q in place, writes rotated k and v to their pages (rows with position -1: nothing); grid (T), block 256. D % 4 == 0. -DFP8=1: pages hold e4m3 instead of bf16.
// rope_rows(bf16* x [T, heads * D], const float* angles, int heads, int dim)     in place; grid (T), block 256: SUPRA's queries and keys.
#include "rope.cuh"
#include "fp8.cuh"

#ifndef FP8
#define FP8 0
#endif
#define PAGE 64

extern "C" __global__ void rope_angles(const int* positions, const float* __restrict__ frequencies, const float* __restrict__ stretched, int stretchStart,
                                       int stretchRows, float factor, float* angles, int half)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int position = positions[blockIdx.x];
    if (position >= stretchStart)
    {
        const int row = position - stretchStart;
        frequencies = stretched + (long long)(row < stretchRows ? row : stretchRows - 1) * half;
    }

    for (int i = threadIdx.x; i < half; i += blockDim.x)
    {
        // The angle is an f32 product on purpose; its cosine and sine are then as exact as f32 can hold, at any position.
        const float angle = __fmul_rn((float)position, frequencies[i]);
        ((float2*)angles)[(long long)blockIdx.x * half + i] = make_float2(__fmul_rn(cosf(angle), factor), __fmul_rn(sinf(angle), factor));
    }
}

// Pair i and i + 1 of one head: rotated, as two words of bf16 (low half of the head, high half).
__device__ __forceinline__ void rotate_words(u32& low, u32& high, float4 angles)
{
    float a0 = low_bf16(low), a1 = high_bf16(low), b0 = low_bf16(high), b1 = high_bf16(high);
    rotate(a0, b0, angles.x, angles.y);
    rotate(a1, b1, angles.z, angles.w);
    low = pack_bf16(a0, a1);
    high = pack_bf16(b0, b1);
}

__device__ __forceinline__ void store_pair(void* pages, long long element, u32 pair)
{
#if FP8
    *(bf16*)((unsigned char*)pages + element) = pack_e4m3(pair);
#else
    *(u32*)((bf16*)pages + element) = pair;
#endif
}

extern "C" __global__ void __launch_bounds__(256)
    rope_store(bf16* q, bf16* k, const bf16* v, const float* angles, const int* positions, const int* rowPageTable,
               const int* pageIds, void* keys, void* values, int heads, int kvHeads, int dim, int qStride, int kStride)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int row = blockIdx.x;
    const int position = positions[row];
    if (position < 0)
    {
        return;
    }

    const long long page = pageIds[rowPageTable[row] + position / PAGE];
    const int words = dim / 4;
    const float4* table = (const float4*)angles + (long long)row * words;
    for (int i = threadIdx.x; i < (heads + 2 * kvHeads) * words; i += blockDim.x)
    {
        const int head = i / words;
        const int word = i % words;
        if (head < heads)
        {
            u32* x = (u32*)(q + (long long)row * qStride + head * dim);
            rotate_words(x[word], x[word + words], table[word]);
            continue;
        }

        const bool isKey = head < heads + kvHeads;
        const int shared = isKey ? head - heads : head - heads - kvHeads;
        const u32* x = (const u32*)((isKey ? k : v) + (long long)row * kStride + shared * dim);
        u32 low = x[word], high = x[word + words];
        if (isKey)
        {
            rotate_words(low, high, table[word]);
        }

        const long long element = ((page * kvHeads + shared) * PAGE + position % PAGE) * dim + 2 * word;
        store_pair(isKey ? keys : values, element, low);
        store_pair(isKey ? keys : values, element + dim / 2, high);
    }
}

extern "C" __global__ void __launch_bounds__(256) rope_rows(bf16* x, const float* angles, int heads, int dim)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int words = dim / 4;
    const float4* table = (const float4*)angles + (long long)blockIdx.x * words;
    for (int i = threadIdx.x; i < heads * words; i += blockDim.x)
    {
        u32* head = (u32*)(x + ((long long)blockIdx.x * heads + i / words) * dim);
        rotate_words(head[i % words], head[i % words + words], table[i % words]);
    }
}
