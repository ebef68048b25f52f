using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What is known of a caller's side of the connection.</summary>
internal static class Peers
{
    private const string CommonName = "x509_common_name";

    public static string Describe(ConnectionInfo connection) => connection.RemoteIpAddress switch
    {
        null => "unknown",
        { AddressFamily: AddressFamily.InterNetwork } address => $"ipv4:{address}:{connection.RemotePort}",
        IPAddress address => $"ipv6:[{address}]:{connection.RemotePort}",
    };

    public static AuthContext Authenticated(X509Certificate2 certificate)
    {
        string name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        var property = AuthProperty.Create(CommonName, Encoding.UTF8.GetBytes(name));
        return new AuthContext(CommonName, new() { [CommonName] = [property] });
    }
}
