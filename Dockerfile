# Debian 13: the native library has no build for Alpine, and needs glibc 2.38 with Node 24.
FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev
# The image loads one of the native binaries.
RUN node dist/main.cjs prune

FROM node:24-trixie-slim
WORKDIR /app
ENV NODE_ENV=production SOKETIFY_HOST=0.0.0.0 SOKETIFY_PORT=6001
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# For "store": the state in this volume outlives the container.
RUN mkdir /var/lib/soketify && chown node:node /var/lib/soketify
VOLUME /var/lib/soketify
USER node
EXPOSE 6001
# Uses the configuration of process 1, the server: its port, its path, and whether it uses TLS.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s \
  CMD ["node", "dist/main.cjs", "health", "--of", "1"]
# Without a shell in between, signals reach the server, and it shuts down gracefully.
ENTRYPOINT ["node", "dist/main.cjs"]
