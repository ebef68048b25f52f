using Google.Protobuf;
using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Wire;

/// <summary>Bytes that no proper client sends: each call fails, and the server goes on.</summary>
[Collection(ServerCollection.Name)]
public sealed class MalformedCallTests(SharedServer shared) : IDisposable
{
    private const string Get = "orleanslm.v1.Sessions/Get";
    private const string Tokenize = "orleanslm.v1.Models/Tokenize";

    private readonly RawCalls _calls = new(shared.Live.Address);

    public static TheoryData<string, byte[]> Bodies() => new()
    {
        { "empty", [] },
        { "half a header", [0, 0] },
        { "shorter than its length", [0, 0, 0, 0, 9, 1, 2] },
        { "compressed by nothing known", [1, 0, 0, 0, 1, 7] },
        { "a flag that does not exist", [9, 0, 0, 0, 0] },
        { "two messages", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        { "longer than any message may be", [0, 255, 255, 255, 255, 1] },
        { "not protobuf: a field cut off", RawCalls.Frame([0x0A, 0x7F, 0x61]) },
        { "not protobuf: wire type 7", RawCalls.Frame([0x0F]) },
        { "not protobuf: field number 0", RawCalls.Frame([0x02, 0x01]) },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Fails_and_the_server_goes_on(string what, byte[] body)
    {
        var status = await _calls.SendAsync(Get, body);

        // UNKNOWN is what Grpc.AspNetCore itself says of bytes that it cannot parse.
        Assert.True(
            status is StatusCode.InvalidArgument or StatusCode.Internal or StatusCode.Unimplemented or StatusCode.ResourceExhausted or StatusCode.Unknown, $"{what}: {status}");
        Assert.Single((await shared.Live.Models.ListAsync(new ListModelsRequest())).Models);
    }

    [Fact]
    public async Task A_proper_call_passes_this_way_too() =>
        Assert.Equal(StatusCode.OK, await _calls.SendAsync(Tokenize, RawCalls.Frame(new TokenizeRequest { Input = new Input { Text = "x" } }.ToByteArray())));

    [Fact]
    public async Task A_method_that_does_not_exist_is_unimplemented() =>
        Assert.Equal(StatusCode.Unimplemented, await _calls.SendAsync("orleanslm.v1.Sessions/Explode", RawCalls.Frame([])));

    [Fact]
    public async Task A_message_over_the_limit_is_refused_by_its_length()
    {
        var body = RawCalls.Frame(new byte[(16 * 1024 * 1024) + 1]);
        Assert.Equal(StatusCode.ResourceExhausted, await _calls.SendAsync(Tokenize, body));
    }

    public void Dispose() => _calls.Dispose();
}
