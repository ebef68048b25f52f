using System.Text;
using Google.Protobuf;
using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Wire;

/// <summary>Text that is not UTF-8, which no generated client can send: refused by field, wherever it stands, and nothing is computed.</summary>
[Collection(ServerCollection.Name)]
public sealed class Utf8Tests(SharedServer shared) : IDisposable
{
    /// <summary>Stands in a message for the bytes that take its place on the wire.</summary>
    private const string Mark = "mark";

    private readonly RawCalls _calls = new(shared.Live.Address);

    public static TheoryData<string, string, IMessage> Requests() => new()
    {
        { "Sessions/Get", "session_id", new GetSessionRequest { SessionId = Mark } },
        { "Sessions/Create", "metadata", new CreateSessionRequest { Metadata = { { "a", "b" }, { "key", Mark } } } },
        { "Sessions/Create", "metadata", new CreateSessionRequest { Metadata = { { Mark, "value" } } } },
        { "Sessions/Create", "stop_defaults.stop[1]", new CreateSessionRequest { StopDefaults = new StopConditions { Stop = { "one", Mark } } } },
        { "Sessions/Append", "input.text", new AppendRequest { SessionId = "s", Input = new Input { Text = $"before {Mark} after" } } },
        { "Sessions/Generate", "input.text", new GenerateRequest { SessionId = "s", Input = new Input { Text = Mark } } },
        { "Sessions/Generate", "input.chat.messages[2].content", new GenerateRequest { SessionId = "s", Input = new Input { Chat = Chat("a", "b", Mark) } } },
        { "Sessions/Rollback", "checkpoint", new RollbackRequest { SessionId = "s", Checkpoint = Mark } },
        { "Models/Tokenize", "input.text", new TokenizeRequest { Input = new Input { Text = new string('x', 300) + Mark } } },
        { "Models/Score", "input.text", new ScoreRequest { Input = new Input { Text = Mark } } },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Text_that_is_not_UTF8_is_invalid_and_named(string method, string field, IMessage message)
    {
        foreach (var bad in new byte[][] { [0x61, 0xFF, 0x62, 0x63], [0x61, 0x61, 0xC3, 0x28], [0xED, 0xA0, 0x80, 0x61], [0x61, 0x61, 0x61, 0xE2], [0xC0, 0x80, 0x61, 0x61] })
        {
            var failure = await _calls.FailureAsync($"orleanslm.v1.{method}", RawCalls.Frame(WithMarkAs(bad, message)));
            Assert.Equal(StatusCode.InvalidArgument, failure.Code);
            Assert.Equal([field], failure.Fields);
        }
    }

    [Fact]
    public async Task Replacement_characters_that_were_sent_are_text()
    {
        var wire = WithMarkAs([0x61, 0xEF, 0xBF, 0xBD], new TokenizeRequest { Input = new Input { Text = Mark } });
        Assert.Equal(StatusCode.OK, await _calls.SendAsync("orleanslm.v1.Models/Tokenize", RawCalls.Frame(wire)));
    }

    /// <summary>Fields of a later version of the contract are not ours to judge.</summary>
    [Fact]
    public async Task Fields_that_nobody_knows_are_let_through()
    {
        byte[] group = [0xBB, 0x06, 0x0A, 0x01, 0xFF, 0xBC, 0x06];
        byte[] unknown = [0xA2, 0x06, 0x02, 0xFF, 0xFE, .. group, 0x98, 0x06, 0x05];
        byte[] wire = [.. unknown, .. new TokenizeRequest { Input = new Input { Text = "x" } }.ToByteArray()];
        Assert.Equal(StatusCode.OK, await _calls.SendAsync("orleanslm.v1.Models/Tokenize", RawCalls.Frame(wire)));
    }

    public void Dispose() => _calls.Dispose();

    private static ChatMessages Chat(params string[] contents) =>
        new() { Messages = { contents.Select(content => new ChatMessage { Role = "user", Content = content }) } };

    private static byte[] WithMarkAs(byte[] bytes, IMessage message)
    {
        var wire = message.ToByteArray();
        bytes.CopyTo(wire, wire.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Mark)));
        return wire;
    }
}
