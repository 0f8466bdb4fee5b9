// node draw.mjs JOB.json: draws a board once for each theme; the answer, as JSON, on stdout. README.md says both forms.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const browser = await chromium.launch({
    executablePath: job.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
});
const answer = {};
try {
    if (job.schema) answer.schema = await withPage((page) => page.evaluate(() => window.schema()));
    for (const theme of job.themes ?? []) answer[theme] = await withPage((page, errors) => draw(page, errors, theme));
} finally {
    await browser.close();
}
process.stdout.write(JSON.stringify(answer));

async function withPage(use) {
    const page = await browser.newPage({ viewport: { width: 1440, height: job.height ?? 1000 } });
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error.stack ?? error).slice(0, 2000)));
    page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
    await page.route(/^https?:/, (route) => route.abort());
    await page.goto('about:blank');
    await page.setContent('<!doctype html><body style="margin:0"><div id="board"></div></body>');
    await page.addScriptTag({ path: path.join(job.folder, 'page.js') });
    try {
        return await use(page, errors);
    } finally {
        await page.close();
    }
}

async function draw(page, errors, theme) {
    await page.evaluate(([definition, scheme]) => window.draw(definition, scheme), [job.definition, theme]);
    await page.waitForFunction(settled, job.panels, { timeout: 60000, polling: 250 }).catch(() => {});
    await page.waitForTimeout(500);
    const found = { panels: await page.evaluate(panels), inputs: await page.evaluate(inputs) };
    if (job.picture) {
        found.picture = job.picture.replace('THEME', theme);
        await page.screenshot({ path: found.picture, fullPage: true });
    }
    found.errors = [...errors];
    found.clicks = [];
    for (const click of job.clicks ?? []) found.clicks.push(await clicked(page, click));
    if (job.tab) {
        await page.getByText(job.tab, { exact: true }).first().click();
        await page.waitForTimeout(1000);
        found.tab = await page.evaluate(panels);
        if (job.picture) await page.screenshot({ path: found.picture.replace('.png', '-tab.png'), fullPage: true });
    }
    return { ...found, later: errors.slice(found.errors.length) };
}

function settled(wanted) {
    // A picture is there when it has content of its own; they come into being as they are seen.
    return wanted.every((id) => document.querySelector(`[data-test="viz-item"][data-id="${id}"] :is(svg, canvas, table, [data-test="majorValue"])`));
}

function panels() {
    const text = (item, name) => item.querySelector(`[data-test="${name}"]`)?.innerText ?? '';
    return Object.fromEntries([...document.querySelectorAll('[data-test="viz-item"]')].map((item) => [item.dataset.id, {
        type: item.dataset.vizType,
        title: text(item, 'viz-title'),
        description: text(item, 'viz-description'),
        text: item.innerText,
        points: item.querySelectorAll('.highcharts-point').length,
        tests: [...new Set([...item.querySelectorAll('[data-test]')].map((one) => one.dataset.test))],
        box: ((at) => [at.x, at.y, at.width, at.height].map(Math.round))(item.getBoundingClientRect()),
    }]));
}

function inputs() {
    return [...document.querySelectorAll('[data-test="input-item"]')].map((item) => item.innerText);
}

function inside(shape) {
    // A place in the shape itself: the middle of a slice's box can lie in the hole of the ring.
    const box = shape.getBBox();
    for (const down of [0.5, 0.3, 0.7, 0.1, 0.9]) {
        for (const right of [0.5, 0.3, 0.7, 0.1, 0.9]) {
            const at = new DOMPoint(box.x + right * box.width, box.y + down * box.height);
            if (shape.isPointInFill(at)) return at.matrixTransform(shape.getScreenCTM()).toJSON();
        }
    }
    throw new Error('a shape without an inside');
}

async function clicked(page, { panel, cell, point }) {
    const item = page.locator(`[data-test="viz-item"][data-id="${panel}"]`);
    await page.evaluate(() => { window.opened.length = 0; });
    if (cell) await item.getByText(cell, { exact: true }).first().click();
    else {
        const at = await item.locator('.highcharts-point').nth(point ?? 0).evaluate(inside);
        await page.mouse.move(at.x, at.y, { steps: 3 });
        await page.waitForTimeout(300);
        await page.mouse.click(at.x, at.y);
    }
    await page.waitForTimeout(1200);
    return { panel, opened: await page.evaluate(() => [...window.opened]), inputs: await page.evaluate(inputs) };
}
