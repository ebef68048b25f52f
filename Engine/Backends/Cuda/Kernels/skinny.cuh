// What becomes of the results of a product for few rows: skinny.cu and wide.cu share it, so that their bits are one.
#pragma once
#include "common.cuh"
#include "fp8.cuh"
#include "rope.cuh"
#include "swiglu.cuh"

#ifndef FP8
#define FP8 0
#endif
#define PAGE 64

extern __shared__ __align__(128) unsigned char shared_memory[];

// Two neighbouring results of one token: columns n, n + 1. Each mode says where tile `i` has its weight rows (place: which of the matrices, and the first row in it) and what becomes of its results. `Before` is what storing needs
// from memory: it can be fetched before the sums are there.
struct Nothing
{
};

struct ToF32
{
    static constexpr int NT = 1;
    typedef Nothing Before;
    __device__ Before before(int, int, int) const { return {}; }
    __device__ void store(int tile, int token, int column, const float* v, Before) const { store(tile, token, column, v); }
    const bf16* w; float* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ int2 place(int tile, int) const { return make_int2(0, tile * 8); }
    __device__ const bf16* rows(int tile, int, int k) const { return w + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        *(float2*)(y + (long long)token * n + tile * 8 + column) = make_float2(v[0], v[1]);
    }
};

struct AddF32
{
    static constexpr int NT = 1;
    typedef float2 Before;
    const bf16* w; float* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ int2 place(int tile, int) const { return make_int2(0, tile * 8); }
    __device__ const bf16* rows(int tile, int, int k) const { return w + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        store(tile, token, column, v, before(tile, token, column));
    }
    __device__ Before before(int tile, int token, int column) const { return __ldcg((const float2*)(y + (long long)token * n + tile * 8 + column)); }
    __device__ void store(int tile, int token, int column, const float* v, Before old) const
    {
        *(float2*)(y + (long long)token * n + tile * 8 + column) = make_float2(__fadd_rn(old.x, v[0]), __fadd_rn(old.y, v[1]));
    }
};

struct ToBf16
{
    static constexpr int NT = 1;
    typedef Nothing Before;
    __device__ Before before(int, int, int) const { return {}; }
    __device__ void store(int tile, int token, int column, const float* v, Before) const { store(tile, token, column, v); }
    const bf16 *w0, *w1, *w2; bf16 *y0, *y1, *y2; int n0, n1, n2;
    __device__ int tiles() const { return (n0 + n1 + n2) / 8; }
    __device__ int2 place(int tile, int) const
    {
        const int t1 = tile - n0 / 8, t2 = t1 - n1 / 8;
        return t1 < 0 ? make_int2(0, tile * 8) : t2 < 0 ? make_int2(1, t1 * 8) : make_int2(2, t2 * 8);
    }
    __device__ const bf16* rows(int tile, int side, int k) const
    {
        const int2 at = place(tile, side);
        return (at.x == 0 ? w0 : at.x == 1 ? w1 : w2) + (long long)at.y * k;
    }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        const int t1 = tile - n0 / 8, t2 = t1 - n1 / 8;
        bf16* p = t1 < 0 ? y0 + (long long)token * n0 + tile * 8 : t2 < 0 ? y1 + (long long)token * n1 + t1 * 8 : y2 + (long long)token * n2 + t2 * 8;
        *(u32*)(p + column) = pack_bf16(v[0], v[1]);
    }
};

struct ToRelu
{
    static constexpr int NT = 1;
    typedef Nothing Before;
    __device__ Before before(int, int, int) const { return {}; }
    __device__ void store(int tile, int token, int column, const float* v, Before) const { store(tile, token, column, v); }
    const bf16* w; const float* bias; bf16* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ int2 place(int tile, int) const { return make_int2(0, tile * 8); }
    __device__ const bf16* rows(int tile, int, int k) const { return w + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        const float2 b = *(const float2*)(bias + tile * 8 + column);
        const float a0 = fmaxf(0.0f, __fadd_rn(round_bf16(v[0]), b.x)), a1 = fmaxf(0.0f, __fadd_rn(round_bf16(v[1]), b.y));
        *(u32*)(y + (long long)token * n + tile * 8 + column) = pack_bf16(a0, a1);
    }
};

struct ToSwiglu
{
    static constexpr int NT = 2;
    typedef Nothing Before;
    __device__ Before before(int, int, int) const { return {}; }
    __device__ void store(int tile, int token, int column, const float* v, Before) const { store(tile, token, column, v); }
    const bf16 *gate, *up; bf16* y; int n;
    __device__ int tiles() const { return n / 8; }
    __device__ int2 place(int tile, int side) const { return make_int2(side, tile * 8); }
    __device__ const bf16* rows(int tile, int side, int k) const { return (side ? up : gate) + (long long)tile * 8 * k; }
    __device__ void store(int tile, int token, int column, const float* v) const
    {
        *(u32*)(y + (long long)token * n + tile * 8 + column) = swiglu_pair(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]));
    }
};

struct Place
{
    float4 angle;
    long long row;
};

struct ToPages
{
    static constexpr int NT = 2;
    typedef Place Before;
    const bf16 *wq, *wk, *wv; bf16* q; void *keys, *values; const float* angles; const int *positions, *rowPageTable, *pageIds; int heads, kvHeads, dim;

    __device__ int tiles() const { return (heads + 2 * kvHeads) * dim / 16; }

    // A tile is rows j .. j + 7 of a head and the rows D/2 further on.
    __device__ int2 place(int tile, int side) const
    {
        const int perHead = dim / 16, head = tile / perHead, row = tile % perHead * 8 + side * (dim / 2);
        return head < heads ? make_int2(0, head * dim + row)
             : head < heads + kvHeads ? make_int2(1, (head - heads) * dim + row)
             : make_int2(2, (head - heads - kvHeads) * dim + row);
    }

    __device__ const bf16* rows(int tile, int side, int k) const
    {
        const int2 at = place(tile, side);
        return (at.x == 0 ? wq : at.x == 1 ? wk : wv) + (long long)at.y * k;
    }

    // The pair's angles, and the row of all pages that keys and values of the token go to; -1: a row that pads a bucket.
    __device__ Before before(int tile, int token, int column) const
    {
        const int perHead = dim / 16, head = tile / perHead, j = tile % perHead * 8 + column;
        Place place{make_float4(1.0f, 0.0f, 1.0f, 0.0f), -1};
        if (head < heads + kvHeads)
        {
            place.angle = __ldcg((const float4*)(angles + ((long long)token * (dim / 2) + j) * 2));
        }

        const int position = head < heads ? -1 : positions[token];
        if (position >= 0)
        {
            const int shared = head < heads + kvHeads ? head - heads : head - heads - kvHeads;
            place.row = ((long long)pageIds[rowPageTable[token] + position / PAGE] * kvHeads + shared) * PAGE + position % PAGE;
        }

        return place;
    }

    __device__ void store(int tile, int token, int column, const float* v) const { store(tile, token, column, v, before(tile, token, column)); }

    __device__ void store(int tile, int token, int column, const float* v, Before place) const
    {
        const int perHead = dim / 16, head = tile / perHead, j = tile % perHead * 8 + column;
        float a0 = round_bf16(v[0]), a1 = round_bf16(v[1]), b0 = round_bf16(v[2]), b1 = round_bf16(v[3]);
        if (head < heads + kvHeads)
        {
            rotate(a0, b0, place.angle.x, place.angle.y);
            rotate(a1, b1, place.angle.z, place.angle.w);
        }

        const u32 low = pack_bf16(a0, a1), high = pack_bf16(b0, b1);
        if (head < heads)
        {
            u32* p = (u32*)(q + ((long long)token * heads + head) * dim + j);
            p[0] = low;
            p[dim / 4] = high;
            return;
        }

        if (place.row < 0)
        {
            return;
        }

        const bool isKey = head < heads + kvHeads;
        const long long element = place.row * dim + j;
#if FP8
        unsigned char* p = (unsigned char*)(isKey ? keys : values) + element;
        *(bf16*)p = pack_e4m3(low);
        *(bf16*)(p + dim / 2) = pack_e4m3(high);
#else
        u32* p = (u32*)((bf16*)(isKey ? keys : values) + element);
        p[0] = low;
        p[dim / 4] = high;
#endif
    }
};
