using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class ChannelTests
{
    [Fact]
    public async Task Channel_reaches_a_unix_domain_socket()
    {
        string path = Path.Combine(Path.GetTempPath(), $"trial-{Guid.NewGuid():N}.sock");
        await using TrialServer server = await TrialServer.StartAsync(listen: kestrel =>
            kestrel.ListenUnixSocket(path, options => options.Protocols = HttpProtocols.Http2));
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });

        Assert.Equal("unix", (await new Trial.TrialClient(channel).EchoAsync(new Words { Text = "unix" })).Text);
    }

    [Fact]
    public async Task Tls_connection_carries_call_credentials()
    {
        using X509Certificate2 certificate = SelfSigned();
        await using TrialServer server = await TrialServer.StartAsync(listen: kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, options => options.UseHttps(certificate)));
        var bearer = CallCredentials.FromInterceptor((context, metadata) =>
        {
            metadata.Add("authorization", $"Bearer {context.MethodName}");
            return Task.CompletedTask;
        });
        using GrpcChannel channel = server.Connect(options =>
        {
            options.Credentials = ChannelCredentials.Create(ChannelCredentials.SecureSsl, bearer);
            options.HttpHandler = new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Equals(shown) },
            };
            options.DisposeHttpClient = true;
        });

        Assert.Equal("Bearer Describe", (await new Trial.TrialClient(channel).DescribeAsync(new Words())).Authorization);
    }

    [Fact]
    public async Task Call_credentials_need_tls_or_a_clear_word()
    {
        await using TrialServer server = await TrialServer.StartAsync();
        var bearer = CallCredentials.FromInterceptor((_, metadata) =>
        {
            metadata.Add("authorization", "Bearer secret");
            return Task.CompletedTask;
        });
        using GrpcChannel careful = server.Connect();
        using GrpcChannel unsafeChannel = server.Connect(options => options.UnsafeUseInsecureChannelCallCredentials = true);
        var options = new CallOptions(credentials: bearer);

        Assert.Equal("", (await new Trial.TrialClient(careful).DescribeAsync(new Words(), options)).Authorization);
        Assert.Equal("Bearer secret", (await new Trial.TrialClient(unsafeChannel).DescribeAsync(new Words(), options)).Authorization);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var channel = GrpcChannel.ForAddress($"http://{taken.LocalEndPoint}");

        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () => await new Trial.TrialClient(channel).EchoAsync(new Words()));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public async Task Channel_outlives_its_server()
    {
        TrialServer first = await TrialServer.StartAsync();
        int port = first.Port;
        using GrpcChannel channel = first.Connect();
        var client = new Trial.TrialClient(channel);
        await client.EchoAsync(new Words());
        await first.DisposeAsync();
        await Assert.ThrowsAsync<RpcException>(async () => await client.EchoAsync(new Words()));

        await using TrialServer second = await TrialServer.StartAsync(listen: kestrel =>
            kestrel.Listen(IPAddress.Loopback, port, options => options.Protocols = HttpProtocols.Http2));
        CallOptions patient = new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30)).WithWaitForReady();
        Assert.Equal("back", (await client.EchoAsync(new Words { Text = "back" }, patient)).Text);
    }

    [Fact]
    public async Task Patient_call_waits_for_its_deadline()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var channel = GrpcChannel.ForAddress($"http://{taken.LocalEndPoint}");
        CallOptions patient = new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(500)).WithWaitForReady();

        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () => await new Trial.TrialClient(channel).EchoAsync(new Words(), patient));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public async Task Losing_the_connection_ends_a_stream_as_unavailable()
    {
        await using TrialServer server = await TrialServer.StartAsync();
        Socket? connection = null;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                connection = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await connection.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        using GrpcChannel channel = server.Connect(options => options.HttpHandler = handler);
        using AsyncServerStreamingCall<Number> call = new Trial.TrialClient(channel).Count(new CountRequest { Count = 1, Hold = "lost" });
        Assert.True(await call.ResponseStream.MoveNext());
        connection!.Dispose();

        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal("cancelled", await server.Events.WaitAsync("left lost"));
    }

    [Fact]
    public async Task Calls_share_one_connection_until_it_is_full()
    {
        await using TrialServer server = await TrialServer.StartAsync(listen: kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10;
            kestrel.Listen(IPAddress.Loopback, 0, options => options.Protocols = HttpProtocols.Http2);
        });
        using GrpcChannel channel = server.Connect();
        var client = new Trial.TrialClient(channel);
        string[] peers = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => (await client.DescribeAsync(new Words())).Peer));
        using var cancel = new CancellationTokenSource();
        List<AsyncUnaryCall<Words>> held =
            [.. Enumerable.Range(0, 25).Select(i => client.WaitAsync(new Words { Text = $"held {i}" }, cancellationToken: cancel.Token))];
        await Task.WhenAll(Enumerable.Range(0, 25).Select(i => server.Events.WaitAsync($"waiting held {i}")));
        await cancel.CancelAsync();

        Assert.Single(peers.Distinct());
        Assert.All(await Task.WhenAll(held.Select(Outcome)), code => Assert.Equal(StatusCode.Cancelled, code));
    }

    [Fact]
    public async Task Http_client_of_the_caller_is_used_and_left_open()
    {
        await using TrialServer server = await TrialServer.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler());
        using (GrpcChannel channel = server.Connect(options => options.HttpClient = http))
        {
            Assert.Equal("mine", (await new Trial.TrialClient(channel).EchoAsync(new Words { Text = "mine" })).Text);
        }

        using GrpcChannel again = server.Connect(options => options.HttpClient = http);
        Assert.Equal("again", (await new Trial.TrialClient(again).EchoAsync(new Words { Text = "again" })).Text);
    }

    [Fact]
    public void Contradicting_options_are_refused()
    {
        using var http = new HttpClient();
        using var handler = new SocketsHttpHandler();
        Assert.Throws<ArgumentException>(() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpClient = http, HttpHandler = handler }));
        Assert.Throws<InvalidOperationException>(() =>
            GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { Credentials = ChannelCredentials.SecureSsl }));
    }

    [Fact]
    public async Task Server_without_grpc_is_told_apart()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.IgnoreUnknownServices = true);
        using GrpcChannel channel = server.Connect();
        Marshaller<string> text = Marshallers.StringMarshaller;
        var method = new Method<string, string>(MethodType.Unary, "no.Such", "Thing", text, text);

        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(), ""));
        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
        Assert.Contains("404", failure.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<StatusCode> Outcome(AsyncUnaryCall<Words> call) =>
        (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode;

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
