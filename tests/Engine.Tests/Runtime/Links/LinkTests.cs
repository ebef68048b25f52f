using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Tests.Runtime.Links;

public sealed class LinkTests
{
    private static readonly LinkOptions Patient = new() { SilenceLimit = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromMinutes(1), Window = 4 };
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [Fact]
    public void Frames_of_all_sizes_arrive_as_they_were_sent_in_order()
    {
        using var pair = new LinkPair(Patient);
        var random = new Random(3);
        foreach (var length in new[] { 0, 1, 31, 4096, 65_535, 65_536, 262_143, 262_144, 262_145, 3_000_001, 7 })
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            var frame = new FrameWriter();
            frame.Write(bytes);
            pair.Near.Send(FrameKind.Step, length, frame);
            using var received = pair.Take();
            Assert.Equal(new FrameHeader(FrameKind.Step, length, length), received.Header);
            Assert.True(received.Payload.SequenceEqual(bytes));
        }
    }

    [Fact]
    public async Task A_sender_waits_until_what_it_sent_is_worked_off()
    {
        using var pair = new LinkPair(Patient);
        var sent = 0;
        var sender = Task.Factory.StartNew(
            () =>
            {
                for (; sent < 20; sent++)
                {
                    pair.Near.Send(FrameKind.Step, sent, new FrameWriter());
                }
            },
            TaskCreationOptions.LongRunning);
        var held = Enumerable.Range(0, Patient.Window).Select(_ => pair.Take()).ToList();
        Assert.Equal(0, pair.Waiting);
        Assert.False(sender.IsCompleted);
        for (var next = Patient.Window; next < 20; next++)
        {
            held[0].Dispose();
            held.RemoveAt(0);
            if (next % 2 == 1)
            {
                held.Add(pair.Take());
                held.Add(pair.Take());
            }

            Assert.True(held.Count <= Patient.Window);
        }

        await sender.WaitAsync(Limit);
        Assert.Equal(20, sent);
    }

    [Fact]
    public async Task Whoever_waits_for_credit_learns_that_the_link_is_lost()
    {
        using var pair = new LinkPair(Patient);
        var sender = Task.Factory.StartNew(
            () =>
            {
                while (true)
                {
                    pair.Near.Send(FrameKind.Step, 0, new FrameWriter());
                }
            },
            TaskCreationOptions.LongRunning);
        for (var i = 0; i < Patient.Window; i++)
        {
            pair.Take();
        }

        pair.Far.Close("the far side has had enough");
        var error = await Assert.ThrowsAsync<LinkLostException>(() => sender.WaitAsync(Limit));
        Assert.Contains("the far side has had enough", error.Message, StringComparison.Ordinal);
        Assert.Equal("the far side has had enough", await pair.NearLost.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_silent_side_is_lost_and_one_that_has_nothing_to_say_is_not()
    {
        var time = new ManualTimeProvider();
        var options = Patient with { Heartbeat = TimeSpan.FromMilliseconds(20), SilenceLimit = TimeSpan.FromHours(1) };
        using var pair = new LinkPair(options, options with { Heartbeat = TimeSpan.FromMinutes(30) }, time);
        Assert.Null(pair.Near.LostReason);
        time.Advance(TimeSpan.FromHours(3));
        Assert.Contains("no sign of life", await pair.NearLost.Task.WaitAsync(Limit), StringComparison.Ordinal);

        using var living = new LinkPair(Patient with { Heartbeat = TimeSpan.FromMilliseconds(10) });
        var before = living.Far.BytesReceived;
        Assert.True(SpinWait.SpinUntil(() => living.Far.BytesReceived > before, Limit));
    }

    [Fact]
    public void A_refusal_names_the_reason()
    {
        var error = Assert.Throws<LinkRefusedException>(() => new LinkPair(Patient, refusal: "not today"));
        Assert.Contains("refuses: not today", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sides_show_certificates_of_one_authority_or_there_is_no_link()
    {
        using var authority = Authority("ours");
        using var other = Authority("other");
        using var near = Signed(authority, "near");
        using var far = Signed(authority, "far");
        using var stranger = Signed(other, "stranger");
        using (var pair = new LinkPair(Patient with { Tls = new LinkTls(near, authority) }, Patient with { Tls = new LinkTls(far, authority) }))
        {
            var frame = new FrameWriter();
            frame.Write("secret");
            pair.Near.Send(FrameKind.Step, 1, frame);
            using var received = pair.Take();
            Assert.Equal("secret", received.Text);
        }

        Assert.ThrowsAny<IOException>(() => new LinkPair(Patient with { Tls = new LinkTls(stranger, authority) }, Patient with { Tls = new LinkTls(far, authority) }));
        Assert.ThrowsAny<IOException>(() => new LinkPair(Patient with { Tls = new LinkTls(near, authority) }, Patient with { Tls = new LinkTls(stranger, authority) }));
    }

    [Theory]
    [InlineData(3, "expected 0x4B4E4C4F")]
    [InlineData(7, "header has the checksum")]
    public void A_header_that_is_none_is_told_apart(int flipped, string message)
    {
        var bytes = new byte[FrameHeader.Bytes];
        new FrameHeader(FrameKind.Step, 5, 100).Write(bytes);
        Assert.Equal(new FrameHeader(FrameKind.Step, 5, 100), FrameHeader.Read(bytes));
        bytes[flipped] ^= 1;
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => FrameHeader.Read(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_payload_that_was_changed_on_the_way_is_noticed()
    {
        var frame = new FrameWriter();
        frame.Write("something of some length");
        var header = new FrameHeader(FrameKind.Step, 1, frame.Length);
        var bytes = frame.Sealed(FrameKind.Step, 1).ToArray();
        bytes[FrameHeader.Bytes + 3] ^= 4;
        var reader = new FrameReader(new MemoryStream(bytes));
        Assert.Equal(header, reader.ReadHeader());
        Assert.Contains("the sender says", Assert.Throws<InvalidDataException>(() => reader.ReadPayload(header, new byte[header.Length])).Message, StringComparison.Ordinal);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Signed(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var signed = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-12), DateTimeOffset.UtcNow.AddHours(12), [1, 2, 3, 4]);
        using var own = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
    }
}
