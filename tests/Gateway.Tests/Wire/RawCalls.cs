using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Wire;

/// <summary>Calls made of plain HTTP/2, so that their bytes can be wrong.</summary>
internal sealed class RawCalls(Uri server) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Sends the body as it is; the status that came back in trailers or headers.</summary>
    public async Task<StatusCode> SendAsync(string method, byte[] body) => (await FailureAsync(method, body)).Code;

    /// <summary>As <see cref="SendAsync"/>, with the details.</summary>
    public async Task<Failure> FailureAsync(string method, byte[] body)
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
        var headers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        var code = (StatusCode)int.Parse(headers.GetValues("grpc-status").Single());
        var trailers = new Metadata();
        if (headers.TryGetValues("grpc-status-details-bin", out var details))
        {
            var text = details.Single();
            trailers.Add("grpc-status-details-bin", Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
        }

        return Failure.Of(new RpcException(new Status(code, ""), trailers));
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
