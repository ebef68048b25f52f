using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;

namespace OrleansLM.Gateway.Tests.Wire;

/// <summary>Calls made of plain HTTP/2, so that their bytes can be wrong.</summary>
internal sealed class RawCalls(Uri server) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Sends the body as it is; the status that came back in trailers or headers.</summary>
    public async Task<StatusCode> SendAsync(string method, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.Add("te", "trailers");
        using var response = await _client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        var values = response.TrailingHeaders.TryGetValues("grpc-status", out var trailing) ? trailing : response.Headers.GetValues("grpc-status");
        return (StatusCode)int.Parse(values.Single());
    }

    /// <summary>A message in its frame: not compressed, length, bytes.</summary>
    public static byte[] Frame(byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public void Dispose() => _client.Dispose();
}
