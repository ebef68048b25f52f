// Pages of e4m3 for kernels that take bf16.
// widen_pages(const void* keys, const void* values [pages, E], const int* pageIds, int count, int elements, bf16* wideKeys, bf16* wideValues [count, E], int* wideIds,
//             int* tiles, int segment, int rows)
//   Page pageIds[i], i < count, becomes page i of the wide ones, and wideIds[i] = i. elements = E = G * 64 * D, % 16 == 0. tiles: what attention_prefill takes for this segment of so many
//   rows alone, {segment, first row}, late ones first. Grid: any x count, block 256.
#include "fp8.cuh"

__device__ __forceinline__ void widen_16(const void* from, bf16* to, long long i)
{
    const uint4 v = ((const uint4*)from)[i];
    const uint2 a = widen_e4m3_x4(v.x), b = widen_e4m3_x4(v.y), c = widen_e4m3_x4(v.z), d = widen_e4m3_x4(v.w);
    ((uint4*)to)[2 * i] = make_uint4(a.x, a.y, b.x, b.y);
    ((uint4*)to)[2 * i + 1] = make_uint4(c.x, c.y, d.x, d.y);
}

extern "C" __global__ void __launch_bounds__(256)
    widen_pages(const void* keys, const void* values, const int* pageIds, int count, int elements, bf16* wideKeys, bf16* wideValues, int* wideIds, int* tiles, int segment, int rows)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int page = blockIdx.y;
    const long long from = (long long)pageIds[page] * elements, to = (long long)page * elements;
    for (int i = blockIdx.x * 256 + threadIdx.x; i < elements / 16; i += gridDim.x * 256)
    {
        widen_16((const unsigned char*)keys + from, wideKeys + to, i);
        widen_16((const unsigned char*)values + from, wideValues + to, i);
    }

    if (blockIdx.x == 0 && threadIdx.x == 0)
    {
        wideIds[page] = page;
    }

    const int last = (rows + 127) / 128 - 1;
    for (int i = threadIdx.x; blockIdx.x == 0 && page == 0 && i <= last; i += 256)
    {
        tiles[2 * i] = segment;
        tiles[2 * i + 1] = (last - i) * 128;
    }
}
